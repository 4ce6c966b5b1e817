//! The ends find each other, notice restarts and silences, and lose nothing over them.
#![allow(clippy::unwrap_used)] // A test stops at what it does not expect.

use protocol::frame::{Decoder, FrameKind, encode, kind_and_session, split_kind_and_session};
use protocol::link::wire::*;
use protocol::link::*;
use protocol::message::*;
use protocol::{BoardLink, HostLink};
use protocol_sim::samples::*;
use protocol_sim::*;

#[test]
fn a_link_of_a_board_fits_into_12_kib() {
    assert!(
        size_of::<BoardLink>() <= 12 * 1024,
        "{} bytes",
        size_of::<BoardLink>()
    );
}

#[test]
fn the_ends_learn_who_the_other_is() {
    let mut pair: Pair = Pair::default();
    let (host, board) = pair.run(SECOND / 10);
    let [Event::Up { peer, resumed: false }] = host[..] else {
        panic!("{host:?}")
    };
    assert_eq!(
        (peer.role, peer.boot_id, peer.firmware),
        (Role::Capture, 1002, firmware(2))
    );
    let [Event::Up { peer, resumed: false }] = board[..] else {
        panic!("{board:?}")
    };
    assert_eq!(
        (peer.role, peer.boot_id, peer.firmware),
        (Role::Host, 1001, firmware(1))
    );
    assert!(pair.now <= SECOND / 10);
}

#[test]
fn nothing_can_be_sent_before_somebody_is_there() {
    let mut link = HostLink::new(Config::new(Role::Host, 1, firmware(1)));
    assert_eq!(link.notify(0, &verdict(1)), Err(SendError::Down));
    assert_eq!(link.request(0, &StatusRequest {}.into()), Err(SendError::Down));
    let object = Object {
        kind: ObjectKind::Image,
        id: 1,
        length: 1,
    };
    assert_eq!(link.bulk_begin(0, object), Err(BulkError::Down));
}

#[test]
fn a_board_that_restarts_fails_the_requests_with_the_reason() {
    let mut pair = connected();
    let asked = pair.host.request(pair.now, &StatusRequest {}.into()).unwrap();
    pair.run(SECOND / 10);
    pair.reboot_board();
    let (host, _) = pair.run(SECOND);
    let [
        Event::Down {
            reason: DownReason::PeerRestarted,
        },
        failed,
        Event::Up { peer, resumed: false },
    ] = &host[..]
    else {
        panic!("{host:?}")
    };
    assert_eq!(
        *failed,
        Event::RequestFailed {
            id: asked,
            reason: RequestFailure::PeerRestarted
        }
    );
    assert_eq!(peer.boot_id, 1003);
    assert!(pair.now < 3 * SECOND);
}

#[test]
fn a_host_that_restarts_takes_over_at_once() {
    let mut pair = connected();
    pair.board.notify(pair.now, &progress(1)).unwrap();
    pair.reboot_host();
    let (host, board) = pair.run(SECOND / 5);
    assert!(matches!(host[..], [Event::Up { resumed: false, .. }]), "{host:?}");
    assert!(
        matches!(
            board[..],
            [
                Event::Down {
                    reason: DownReason::PeerRestarted
                },
                Event::Up { resumed: false, .. }
            ]
        ),
        "{board:?}"
    );
    pair.board.notify(pair.now, &progress(2)).unwrap();
    assert_eq!(
        pair.run(SECOND).0,
        [Event::Notification(progress(2))],
        "nothing of the session before"
    );
}

#[test]
fn what_was_acknowledged_is_handed_over_before_a_restart_is_taken_up() {
    let mut pair = connected();
    pair.board.notify(pair.now, &progress(1)).unwrap();
    // The host's owner does not poll for a while.
    let until = pair.now + SECOND / 10;
    while pair.now < until {
        pair.step(until);
    }
    pair.reboot_board();
    let until = pair.now + SECOND / 10;
    while pair.now < until {
        pair.step(until);
    }
    let (host, _) = pair.run(SECOND);
    assert_eq!(host[0], Event::Notification(progress(1)));
    assert_eq!(
        host[1],
        Event::Down {
            reason: DownReason::PeerRestarted
        }
    );
    assert!(matches!(host[2], Event::Up { resumed: false, .. }));
}

#[test]
fn a_silence_is_noticed_and_nothing_is_lost_when_it_ends() {
    let mut pair = connected();
    let asked = pair.host.request(pair.now, &StatusRequest {}.into()).unwrap();
    pair.cut(true);
    for number in 0..5 {
        pair.board.notify(pair.now, &progress(number)).unwrap();
    }
    let (host, board) = pair.run(4 * SECOND);
    assert_eq!(
        host,
        [Event::Down {
            reason: DownReason::Silent
        }]
    );
    assert_eq!(
        board,
        [Event::Down {
            reason: DownReason::Silent
        }]
    );
    assert_eq!(pair.host.notify(pair.now, &verdict(1)), Err(SendError::Down));
    pair.cut(false);
    let (host, board) = pair.run(SECOND);
    assert!(matches!(host[0], Event::Up { resumed: true, .. }), "{host:?}");
    let told: Vec<_> = (0..5)
        .map(|number| Event::Notification(progress(number)))
        .collect();
    assert_eq!(host[1..], told);
    assert_eq!(requests(&board), [asked]);
}

#[test]
fn a_line_without_traffic_stays_up_and_quiet() {
    let mut pair = connected();
    let before = pair.to_board.sent;
    let (host, board) = pair.run(60 * SECOND);
    assert_eq!((host, board), (vec![], vec![]));
    let per_second = (pair.to_board.sent - before) / 60;
    assert!(per_second < 100, "{per_second} bytes a second");
}

#[test]
fn a_looped_line_is_not_a_peer() {
    let mut link = HostLink::new(Config::new(Role::Host, 1, firmware(1)));
    let mut out = [0; HostLink::MAX_WIRE_FRAME];
    for now in (0..SECOND).step_by(1_000) {
        let len = link.poll_transmit(now, &mut out);
        link.handle_bytes(now, &out[..len]);
    }
    assert_eq!(link.poll_event(), None);
    assert!(link.counters().stray > 0);
}

#[test]
fn two_hosts_refuse_each_other_and_say_so_once() {
    let mut links = [1, 2].map(|boot| Box::new(HostLink::new(Config::new(Role::Host, boot, firmware(1)))));
    let mut out = [0; HostLink::MAX_WIRE_FRAME];
    let mut events = Vec::new();
    for now in (0..SECOND).step_by(1_000) {
        for from in 0..2 {
            let len = links[from].poll_transmit(now, &mut out);
            links[1 - from].handle_bytes(now, &out[..len]);
        }
        events.extend(links[0].poll_event());
    }
    assert_eq!(
        events,
        [Event::Down {
            reason: DownReason::WrongRole
        }]
    );
}

#[test]
fn a_restart_is_noticed_even_if_the_boot_id_is_the_same() {
    let mut pair = connected();
    for number in 0..40 {
        pair.host.notify(pair.now, &verdict(number)).unwrap();
        pair.run(SECOND / 100);
    }
    let asked = pair.host.request(pair.now, &StatusRequest {}.into()).unwrap();
    pair.run(SECOND / 10);
    pair.reboot_board_with_the_same_boot_id();
    let (host, _) = pair.run(SECOND);
    let failed = Event::RequestFailed {
        id: asked,
        reason: RequestFailure::PeerRestarted,
    };
    assert_eq!(
        host[..2],
        [
            Event::Down {
                reason: DownReason::PeerRestarted
            },
            failed
        ]
    );
    assert!(
        matches!(host[2..], [Event::Up { resumed: false, .. }]),
        "{host:?}"
    );
    pair.host.notify(pair.now, &verdict(99)).unwrap();
    assert_eq!(pair.run(SECOND).1, [Event::Notification(verdict(99))]);
}

/// What a board makes of the hello of a host that speaks these versions: its events, and whether it refuses.
fn hello_of_versions(min: u8, current: u8) -> (Option<Event>, bool) {
    let (mut board, refused) = board_that_heard(min, current);
    let event = board.poll_event();
    assert_eq!(board.poll_event(), None, "it is said once");
    (event, refused)
}

/// A board that has heard the hello of a host that speaks these versions, and whether it refuses.
fn board_that_heard(min: u8, current: u8) -> (Box<BoardLink>, bool) {
    let mut board = Box::new(BoardLink::new(Config::new(Role::Kiosk, 5, firmware(1))));
    let hello = Hello {
        magic: MAGIC,
        version_min: min,
        version_current: current,
        boot_id: 6,
        peer_boot_id: 5,
        role: Role::Host.code(),
        flags: ANSWER_WANTED,
        max_payload: 1024,
        capabilities: 0xffff_ffff,
        firmware: firmware(1),
        window: 1,
    };
    let mut body = [0; Hello::MAX_BODY + 3];
    hello.write_body(&mut Writer::new(&mut body)).unwrap();
    let mut wire = [0; HostLink::MAX_WIRE_FRAME];
    let len = encode(&mut wire, &[&kind_and_session(FrameKind::Hello, 0), &body]).unwrap();
    let mut refused = false;
    for now in 1..4 {
        board.handle_bytes(now, &wire[..len]);
        let mut out = [0; HostLink::MAX_WIRE_FRAME];
        let mut decoder = Decoder::new();
        loop {
            let len = board.poll_transmit(now, &mut out);
            if len == 0 {
                break;
            }
            decoder.push(&out[..len]);
            let (kind, _, rest) = split_kind_and_session(decoder.frame()).unwrap();
            if kind == Some(FrameKind::Refuse) {
                let (_, refuse) = Refuse::parse_body(rest).unwrap();
                assert_eq!((refuse.reason, refuse.peer_boot_id), (REFUSE_VERSION, 6));
                refused = true;
            }
        }
    }
    (board, refused)
}

#[test]
fn what_the_peer_is_too_old_to_know_is_not_sent() {
    let restarted: Message = Restarted {
        cause: ResetCause::Panic,
        firmware: firmware(1),
        uptime_ms: 1,
        tasks: 0,
        pc: 0,
        lr: 0,
        fault_status: 0,
        address: 0,
        words: heapless::String::new(),
    }
    .into();
    for (version, known) in [
        (1, Err(SendError::TooOld)),
        (2, Err(SendError::TooOld)),
        (3, Ok(())),
    ] {
        let (mut board, _) = board_that_heard(1, version);
        assert!(matches!(board.poll_event(), Some(Event::Up { peer, .. }) if peer.version == version));
        assert_eq!(board.request(5, &restarted).map(drop), known, "version {version}");
        // What was there from the start goes to everybody.
        let asked = board.request(
            5,
            &TicketRequest {
                press: 1,
                service: 1,
                priority: false,
            }
            .into(),
        );
        assert!(asked.is_ok(), "{asked:?}");
    }
}

#[test]
fn the_highest_version_that_both_speak_is_used() {
    // A newer peer that still speaks version 1, says more in its hello, and has abilities unknown here.
    let (event, refused) = hello_of_versions(1, 9);
    assert!(
        matches!(event, Some(Event::Up { peer, .. }) if peer.version == protocol::version::CURRENT),
        "{event:?}"
    );
    assert!(!refused);
}

#[test]
fn a_peer_without_a_common_version_is_refused_and_reported() {
    let (event, refused) = hello_of_versions(7, 9);
    let reason = DownReason::VersionMismatch {
        peer_min: 7,
        peer_current: 9,
    };
    assert_eq!(event, Some(Event::Down { reason }));
    assert!(refused);
}

#[test]
fn what_came_before_the_line_was_cut_is_told_before_it() {
    let mut pair = connected();
    pair.host.notify(pair.now, &verdict(1)).unwrap();
    for _ in 0..10 {
        pair.step(pair.now + 1_000);
    }
    pair.board.handle_disconnect(pair.now);
    assert_eq!(pair.board.poll_event(), Some(Event::Notification(verdict(1))));
    let reason = DownReason::Silent;
    assert_eq!(pair.board.poll_event(), Some(Event::Down { reason }));
    assert_eq!(pair.board.poll_event(), None);
}

#[test]
fn a_new_session_is_told_as_new_even_if_it_was_interrupted_before_that() {
    let mut pair: Pair = Pair::default();
    while !pair.host.is_up() {
        pair.step(pair.now + 1_000);
    }
    pair.host.handle_disconnect(pair.now);
    while !pair.host.is_up() {
        pair.step(pair.now + 1_000);
    }
    let told: Vec<_> = std::iter::from_fn(|| pair.host.poll_event()).collect();
    assert!(matches!(told[..], [Event::Up { resumed: false, .. }]), "{told:?}");
}

#[test]
fn an_owner_that_was_told_of_a_silence_is_told_that_it_has_ended() {
    let mut pair = connected();
    pair.cut(true);
    let (_, board) = pair.run(5 * SECOND);
    assert_eq!(
        board,
        [Event::Down {
            reason: DownReason::Silent
        }]
    );
    // In the silence, a host with which there can be no session says hello: there is one more reason not to be up.
    let mut hello = Vec::new();
    hello.extend_from_slice(b"LK\x09\x09");
    hello.extend_from_slice(&77u32.to_le_bytes());
    hello.extend_from_slice(&[0; 4]);
    hello.extend_from_slice(&[1, 1, 0, 4, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
    let mut out = [0; protocol::frame::MAX_WIRE_FRAME];
    let len = encode(&mut out, &[&kind_and_session(FrameKind::Hello, 0), &hello]).unwrap();
    pair.board.handle_bytes(pair.now, &out[..len]);
    // Before the owner asks, the peer is back.
    pair.cut(false);
    while !pair.board.is_up() {
        pair.step(pair.now + 1_000);
    }
    let told: Vec<Event> = std::iter::from_fn(|| pair.board.poll_event()).collect();
    assert!(
        matches!(told.last(), Some(Event::Up { resumed: true, .. })),
        "{told:?}"
    );
}
