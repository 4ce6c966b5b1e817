//! Two links back to back.
use protocol::message::*;
use protocol::*;

#[test]
fn two_links_meet_and_talk() {
    let mut host = Box::new(HostLink::new(Config::new(Role::Host, 1, Firmware::default())));
    let mut board = Box::new(BoardLink::new(Config::new(Role::Kiosk, 2, Firmware::default())));
    let mut now = 0;
    let mut buf = [0; HostLink::MAX_WIRE_FRAME];
    let mut asked = None;
    let mut image = 0usize;
    let mut got = Vec::new();
    for _ in 0..2000 {
        now += 1000;
        loop {
            let n = host.poll_transmit(now, &mut buf);
            board.handle_bytes(now, &buf[..n]);
            let m = board.poll_transmit(now, &mut buf);
            host.handle_bytes(now, &buf[..m]);
            if n + m == 0 {
                break;
            }
        }
        while let Some(event) = host.poll_event() {
            println!("{now} host {event:?}");
            if let Event::Up { .. } = event {
                asked = Some(host.request(now, &StatusRequest {}.into()).unwrap());
            }
        }
        while let Some(event) = board.poll_event() {
            println!("{now} board {event:?}");
            if let Event::Request { id, .. } = event {
                board.reply(now, id, &Accepted {}.into()).unwrap();
                board
                    .bulk_begin(
                        now,
                        link::Object {
                            kind: ObjectKind::Image,
                            id: 7,
                            length: 36864,
                        },
                    )
                    .unwrap();
            }
        }
        if image < 36864 {
            image += board.bulk_write(&[7; 128]);
        }
        let n = host.bulk_read(&mut buf);
        got.extend_from_slice(&buf[..n]);
    }
    assert!(asked.is_some());
    assert_eq!(got.len(), 36864);
    println!(
        "{} {} {:?}",
        size_of::<BoardLink>(),
        size_of::<HostLink>(),
        board.counters()
    );
    assert!(size_of::<BoardLink>() <= 12 * 1024);
}
