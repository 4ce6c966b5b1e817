//! Watches a board's screen and keeps every picture that differs from the one before.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use image::RgbImage;

use super::qemu::Board;
use crate::device::background::Background;

/// How often the screen is looked at. Firmware shows nothing for a shorter time that a person could read.
const LOOK: Duration = Duration::from_millis(60);

/// Pictures kept of one board at the most, so that a flickering screen cannot fill the disk.
const MOST: usize = 60;

/// A picture of a screen: the stage at which it appeared, and its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shot {
    /// Name in the list of artefacts.
    pub name: String,
    /// PNG, 512 × 256.
    pub file: PathBuf,
}

/// A thread that watches one board.
#[derive(Debug)]
pub struct Watch {
    watcher: Background,
    shots: Arc<Mutex<Vec<Shot>>>,
}

impl Watch {
    /// Starts to watch. `stage` names what is going on at a moment.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(board: &Arc<Board>, stage: &Arc<Mutex<String>>, folder: &Path) -> std::io::Result<Self> {
        let shots = Arc::new(Mutex::new(Vec::new()));
        let watcher = {
            let (board, stage, shots) = (Arc::clone(board), Arc::clone(stage), Arc::clone(&shots));
            let folder = folder.to_owned();
            Background::spawn("screens", move |stop| {
                watch(&board, &stage, &folder, stop, &shots);
            })?
        };
        Ok(Self { watcher, shots })
    }

    /// Looks a last time, stops, and returns all pictures in order.
    pub fn finish(self) -> Vec<Shot> {
        drop(self.watcher);
        std::mem::take(&mut *self.shots.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn watch(board: &Board, stage: &Mutex<String>, folder: &Path, stop: &AtomicBool, shots: &Mutex<Vec<Shot>>) {
    let mut last: Option<RgbImage> = None;
    let mut settling: Option<RgbImage> = None;
    loop {
        let stopping = stop.load(Ordering::Relaxed);
        let Ok(picture) = board.screen() else { return };
        // A picture caught in the middle of a redraw is nobody's screen: keep what stands still for two looks.
        let settled = stopping || settling.as_ref() == Some(&picture);
        let blank = picture.pixels().all(|pixel| *pixel == *picture.get_pixel(0, 0));
        if settled && !blank && last.as_ref() != Some(&picture) {
            keep(board.name(), &picture, stage, folder, shots);
            last = Some(picture.clone());
        }
        settling = Some(picture);
        if stopping {
            return;
        }
        std::thread::sleep(LOOK);
    }
}

fn keep(board: &str, picture: &RgbImage, stage: &Mutex<String>, folder: &Path, shots: &Mutex<Vec<Shot>>) {
    let mut shots = shots.lock().unwrap_or_else(PoisonError::into_inner);
    if shots.len() >= MOST {
        return;
    }
    let stage = stage.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let name = format!("oled_{board}_{:02}_{stage}", shots.len() + 1);
    let file = folder.join(format!("{}.png", name.replace('_', "-")));
    match picture.save(&file) {
        Ok(()) => shots.push(Shot { name, file }),
        Err(error) => log::warn!("could not keep a picture of the {board}'s screen: {error}"),
    }
}
