//! A button's contact.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use embedded_hal::digital::{ErrorType, InputPin};
use embedded_hal_async::digital::Wait;

/// The line of a button: low while the contact is closed.
#[derive(Debug, Default)]
pub(crate) struct Contact {
    closed: Cell<bool>,
    /// Changes since the start.
    edges: Cell<u64>,
    waiting: RefCell<Option<Waker>>,
}

impl Contact {
    pub(crate) fn set(&self, closed: bool) {
        if self.closed.replace(closed) != closed {
            self.edges.set(self.edges.get() + 1);
            if let Some(waker) = self.waiting.take() {
                waker.wake();
            }
        }
    }

    pub(crate) fn power_off(&self) {
        self.waiting.take();
    }
}

/// A button as the board sees it.
#[derive(Debug)]
pub struct Button(pub(crate) Rc<Contact>);

impl Button {
    async fn until(&self, enough: impl Fn(&Contact) -> bool) {
        poll_fn(|context| {
            if enough(&self.0) {
                return Poll::Ready(());
            }
            self.0.waiting.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }

    async fn edge(&self, closes: impl Fn(bool) -> bool) {
        let before = self.0.edges.get();
        self.until(|contact| contact.edges.get() != before && closes(contact.closed.get()))
            .await;
    }
}

impl ErrorType for Button {
    type Error = Infallible;
}

impl InputPin for Button {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(!self.0.closed.get())
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.closed.get())
    }
}

impl Wait for Button {
    async fn wait_for_high(&mut self) -> Result<(), Infallible> {
        self.until(|contact| !contact.closed.get()).await;
        Ok(())
    }

    async fn wait_for_low(&mut self) -> Result<(), Infallible> {
        self.until(|contact| contact.closed.get()).await;
        Ok(())
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), Infallible> {
        self.edge(|closed| !closed).await;
        Ok(())
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), Infallible> {
        self.edge(|closed| closed).await;
        Ok(())
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), Infallible> {
        self.edge(|_| true).await;
        Ok(())
    }
}
