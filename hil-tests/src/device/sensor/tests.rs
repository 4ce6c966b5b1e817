use std::time::Duration;

use proptest::prelude::*;

use super::packet::{Kind, Received, encode, take};
use super::*;
use crate::device::serial::{LineSpeed, Plugged, SerialDevice};
use crate::finger::{MasterFinger, Press};

/// A sensor with its glass, spoken to as a client does.
struct Bench {
    glass: Arc<Glass>,
    sensor: SensorCore,
}

impl Bench {
    fn new(model: Model) -> Self {
        let glass = Arc::new(Glass::default());
        let sensor = SensorCore::new(model, Arc::clone(&glass) as Arc<dyn FingerSource>);
        Self { glass, sensor }
    }

    /// Sends bytes and returns all that comes back.
    fn exchange(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.sensor.handle_bytes(Duration::ZERO, bytes);
        let mut all = Vec::new();
        let mut out = [0; 100];
        loop {
            match self.sensor.poll_transmit(Duration::ZERO, &mut out) {
                0 => return all,
                length => all.extend_from_slice(&out[..length]),
            }
        }
    }

    /// Sends a command; returns the confirmation, the rest of the acknowledgement, and the packets after it.
    fn command(
        &mut self,
        instruction: Instruction,
        arguments: &[u8],
    ) -> (Confirmation, Vec<u8>, Vec<Received>) {
        let payload = [&[instruction.code()], arguments].concat();
        let mut bytes = self.exchange(&encode(0xFFFF_FFFF, Kind::Command, &payload));
        let Some(Received::Packet {
            kind: Kind::Acknowledge,
            payload,
            ..
        }) = take(&mut bytes)
        else {
            panic!("no acknowledgement of {instruction:?}");
        };
        let packets = std::iter::from_fn(|| take(&mut bytes)).collect();
        (
            Confirmation::from_code(payload[0]).unwrap(),
            payload[1..].to_vec(),
            packets,
        )
    }

    fn confirmation(&mut self, instruction: Instruction, arguments: &[u8]) -> Confirmation {
        self.command(instruction, arguments).0
    }

    /// Uploads the image; checks that all packets but the last are full data packets, the last the end of data.
    fn image(&mut self) -> Vec<u8> {
        let (confirmation, _, packets) = self.command(Instruction::UpImage, &[]);
        assert_eq!(confirmation, Confirmation::Ok);
        join(packets)
    }
}

fn join(packets: Vec<Received>) -> Vec<u8> {
    let count = packets.len();
    let parts = packets
        .into_iter()
        .enumerate()
        .map(|(number, packet)| match packet {
            Received::Packet { kind, payload, .. } => {
                assert_eq!(
                    kind == Kind::EndOfData,
                    number + 1 == count,
                    "packet {number} of {count}"
                );
                payload
            }
            Received::BadSum => panic!("packet {number} has a bad sum"),
        });
    parts.collect::<Vec<_>>().concat()
}

#[test]
fn the_manual_s_password_exchange() {
    let mut bench = Bench::new(Model::R307);
    let request = [
        0xEF, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x00, 0x07, 0x13, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1B,
    ];
    let answer = [
        0xEF, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x00, 0x03, 0x00, 0x00, 0x0A,
    ];
    assert_eq!(bench.exchange(&request), answer);
}

#[test]
fn a_finger_s_image_arrives_pixel_for_pixel_at_every_packet_size() {
    let mut bench = Bench::new(Model::R307);
    assert_eq!(
        bench.confirmation(Instruction::GenImg, &[]),
        Confirmation::NoFinger
    );
    assert_eq!(
        bench.confirmation(Instruction::UpImage, &[]),
        Confirmation::UpImageFailed
    );
    let impression = MasterFinger::grow(1).press(0, Press::Ordinary);
    bench.glass.put(impression.clone());
    assert_eq!(bench.confirmation(Instruction::GenImg, &[]), Confirmation::Ok);
    bench.glass.lift();
    assert_eq!(
        bench.confirmation(Instruction::GenImg, &[]),
        Confirmation::NoFinger
    );
    for code in 0..=3 {
        assert_eq!(
            bench.confirmation(Instruction::SetSysPara, &[6, code]),
            Confirmation::Ok
        );
        assert_eq!(bench.image(), impression.packed());
    }
}

#[test]
fn a_round_sensor_shows_the_middle() {
    let mut bench = Bench::new(Model::R503);
    let impression = MasterFinger::grow(1).press(0, Press::Ordinary);
    bench.glass.put(impression.clone());
    bench.confirmation(Instruction::GenImg, &[]);
    let image = bench.image();
    assert_eq!(image.len(), 18_432);
    // First pixel: column 32, row 48 of the R307's.
    assert_eq!(image[0] >> 4, impression.image().pixels()[48 * 256 + 32] >> 4);
}

#[test]
fn parameters_are_told_as_set() {
    let mut bench = Bench::new(Model::R307);
    let parameters = bench.command(Instruction::ReadSysPara, &[]).1;
    assert_eq!(
        parameters,
        [0, 4, 0, 9, 0x03, 0xE8, 0, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0, 2, 0, 6]
    );
    assert_eq!(
        bench.confirmation(Instruction::SetSysPara, &[4, 12]),
        Confirmation::Ok
    );
    assert_eq!(bench.sensor.baud(), 115_200);
    for wrong in [[4, 0], [4, 13], [5, 6], [6, 4], [7, 1]] {
        assert_eq!(
            bench.confirmation(Instruction::SetSysPara, &wrong),
            Confirmation::BadRegister
        );
    }
}

#[test]
fn a_password_locks_everything_until_it_is_verified() {
    let mut bench = Bench::new(Model::R307);
    assert_eq!(
        bench.confirmation(Instruction::SetPwd, &[1, 2, 3, 4]),
        Confirmation::Ok
    );
    assert_eq!(
        bench.confirmation(Instruction::VfyPwd, &[0, 0, 0, 0]),
        Confirmation::WrongPassword
    );
    assert_eq!(
        bench.confirmation(Instruction::GenImg, &[]),
        Confirmation::PasswordRequired
    );
    assert_eq!(
        bench.confirmation(Instruction::VfyPwd, &[1, 2, 3, 4]),
        Confirmation::Ok
    );
    assert_eq!(
        bench.confirmation(Instruction::GenImg, &[]),
        Confirmation::NoFinger
    );
}

#[test]
fn a_bad_sum_a_wrong_address_and_an_unknown_command_are_answered() {
    let mut bench = Bench::new(Model::R307);
    let mut answer = |packet: &[u8]| match take(&mut bench.exchange(packet)) {
        Some(Received::Packet { payload, .. }) => Confirmation::from_code(payload[0]),
        _ => None,
    };
    let mut spoilt = encode(0xFFFF_FFFF, Kind::Command, &[0x01]);
    *spoilt.last_mut().unwrap() ^= 1;
    assert_eq!(answer(&spoilt), Some(Confirmation::ReceiveError));
    assert_eq!(
        answer(&encode(5, Kind::Command, &[0x01])),
        Some(Confirmation::WrongAddress)
    );
    assert_eq!(
        answer(&encode(0xFFFF_FFFF, Kind::Command, &[0xEE])),
        Some(Confirmation::ReceiveError)
    );
    assert_eq!(
        answer(&encode(0xFFFF_FFFF, Kind::Command, &[])),
        Some(Confirmation::ReceiveError)
    );
    assert_eq!(bench.sensor.counters().bad_sums, 1);
}

#[test]
fn half_a_command_is_forgotten_after_a_while() {
    let mut bench = Bench::new(Model::R307);
    let command = encode(0xFFFF_FFFF, Kind::Command, &[0x01]);
    bench.sensor.handle_bytes(Duration::ZERO, &command[..7]);
    bench.sensor.handle_bytes(Duration::from_secs(1), &command);
    assert_eq!(bench.exchange(&[]).len(), 12);
}

#[test]
fn a_finger_is_enrolled_found_and_deleted() {
    let mut bench = Bench::new(Model::R307);
    let (owner, stranger) = (MasterFinger::grow(11), MasterFinger::grow(16));
    let touch = |bench: &mut Bench, finger: &MasterFinger, number, buffer| {
        bench.glass.put(finger.press(number, Press::Careful));
        assert_eq!(bench.confirmation(Instruction::GenImg, &[]), Confirmation::Ok);
        assert_eq!(
            bench.confirmation(Instruction::Img2Tz, &[buffer]),
            Confirmation::Ok
        );
    };
    touch(&mut bench, &owner, 0, 1);
    touch(&mut bench, &stranger, 0, 2);
    assert_eq!(
        bench.confirmation(Instruction::RegModel, &[]),
        Confirmation::MergeFailed
    );
    touch(&mut bench, &owner, 1, 2);
    assert_eq!(bench.confirmation(Instruction::RegModel, &[]), Confirmation::Ok);
    assert_eq!(
        bench.confirmation(Instruction::Store, &[1, 0x03, 0xE8]),
        Confirmation::BadLocation
    );
    assert_eq!(
        bench.confirmation(Instruction::Store, &[1, 0x01, 0x09]),
        Confirmation::Ok
    );
    assert_eq!(bench.command(Instruction::TemplateNum, &[]).1, [0, 1]);
    assert_eq!(bench.command(Instruction::ReadIndex, &[1]).1[..2], [0x00, 0x02]);

    let everywhere = [1, 0, 0, 0x03, 0xE8];
    touch(&mut bench, &owner, 2, 1);
    let (confirmation, found, _) = bench.command(Instruction::Search, &everywhere);
    assert_eq!((confirmation, &found[..2]), (Confirmation::Ok, &[0x01, 0x09][..]));
    touch(&mut bench, &stranger, 1, 1);
    assert_eq!(
        bench.command(Instruction::HiSpeedSearch, &everywhere),
        (Confirmation::NotFound, vec![0; 4], Vec::new())
    );
    assert_eq!(
        bench.confirmation(Instruction::Delete, &[0x01, 0x09, 0, 1]),
        Confirmation::Ok
    );
    assert_eq!(
        bench.confirmation(Instruction::Load, &[1, 0x01, 0x09]),
        Confirmation::LoadFailed
    );
}

#[test]
fn a_template_goes_out_and_comes_back() {
    let mut bench = Bench::new(Model::R307);
    assert_eq!(
        bench.confirmation(Instruction::UpChar, &[1]),
        Confirmation::UpCharFailed
    );
    bench.glass.put(MasterFinger::grow(2).press(0, Press::Careful));
    bench.confirmation(Instruction::GenImg, &[]);
    bench.confirmation(Instruction::Img2Tz, &[1]);
    let characters = join(bench.command(Instruction::UpChar, &[1]).2);
    assert_eq!(characters.len(), 512);

    assert_eq!(bench.confirmation(Instruction::DownChar, &[2]), Confirmation::Ok);
    assert!(
        bench
            .exchange(&encode(0xFFFF_FFFF, Kind::Data, &characters[..256]))
            .is_empty()
    );
    assert!(
        bench
            .exchange(&encode(0xFFFF_FFFF, Kind::EndOfData, &characters[256..]))
            .is_empty()
    );
    assert_eq!(bench.confirmation(Instruction::Match, &[]), Confirmation::Ok);
}

#[test]
fn an_unreadable_finger_makes_no_template() {
    let mut bench = Bench::new(Model::R307);
    assert_eq!(
        bench.confirmation(Instruction::Img2Tz, &[1]),
        Confirmation::NoImage
    );
    let finger = MasterFinger::grow(3);
    for (press, expected) in [
        (Press::Faint, Confirmation::ImageMessy),
        (Press::Edge, Confirmation::TooFewFeatures),
    ] {
        bench.glass.put(finger.press(1, press));
        bench.confirmation(Instruction::GenImg, &[]);
        assert_eq!(bench.confirmation(Instruction::Img2Tz, &[1]), expected);
    }
}

#[test]
fn an_r503_knows_its_own_instructions_and_an_r307_does_not() {
    let mut bench = Bench::new(Model::R503);
    let (confirmation, information, _) = bench.command(Instruction::ProductInfo, &[]);
    assert_eq!((confirmation, information.len()), (Confirmation::Ok, 46));
    let answer = bench.exchange(&encode(0xFFFF_FFFF, Kind::Command, &[0x3D]));
    assert_eq!(
        answer.last(),
        Some(&0x55),
        "after a reset it says that it is there"
    );
    assert_eq!(bench.confirmation(Instruction::GetEcho, &[]), Confirmation::Here);
    let mut older = Bench::new(Model::R307);
    assert_eq!(
        older.confirmation(Instruction::AuraLed, &[1, 1, 1, 1]),
        Confirmation::ReceiveError
    );
}

#[test]
fn each_fault_shows_on_the_line() {
    let mut bench = Bench::new(Model::R307);
    bench.glass.put(MasterFinger::grow(1).press(0, Press::Ordinary));
    bench.sensor.faults().blind = true;
    assert_eq!(
        bench.confirmation(Instruction::GenImg, &[]),
        Confirmation::NoFinger
    );
    *bench.sensor.faults() = Faults {
        image_fails: true,
        ..Faults::default()
    };
    assert_eq!(
        bench.confirmation(Instruction::GenImg, &[]),
        Confirmation::ImageFailed
    );
    *bench.sensor.faults() = Faults::default();
    assert_eq!(bench.confirmation(Instruction::GenImg, &[]), Confirmation::Ok);

    bench.sensor.faults().bad_sum_in_packet = Some(3);
    let packets = bench.command(Instruction::UpImage, &[]).2;
    let spoilt: Vec<usize> = (0..packets.len())
        .filter(|i| packets[*i] == Received::BadSum)
        .collect();
    assert_eq!(spoilt, [3]);

    *bench.sensor.faults() = Faults {
        short_image: Some(1000),
        ..Faults::default()
    };
    assert_eq!(bench.image().len(), 1000);

    *bench.sensor.faults() = Faults {
        stall_in_image: Some(500),
        ..Faults::default()
    };
    let command = encode(0xFFFF_FFFF, Kind::Command, &[0x0A]);
    assert_eq!(bench.exchange(&command).len(), 12 + 500);

    *bench.sensor.faults() = Faults {
        silent: true,
        ..Faults::default()
    };
    assert!(bench.exchange(&command).is_empty());
}

#[test]
fn a_client_on_a_pseudo_terminal_gets_the_image() {
    use std::io::{Read, Write};

    let impression = MasterFinger::grow(1).press(0, Press::Ordinary);
    let Bench { glass, sensor } = Bench::new(Model::R307);
    glass.put(impression.clone());
    let plugged = Plugged::on_pty(Arc::new(Mutex::new(sensor)), LineSpeed::Immediate).unwrap();
    let mut client = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(plugged.path())
        .unwrap();
    client
        .write_all(&encode(0xFFFF_FFFF, Kind::Command, &[0x01]))
        .unwrap();
    client
        .write_all(&encode(0xFFFF_FFFF, Kind::Command, &[0x0A]))
        .unwrap();
    // Two acknowledgements, then 288 packets of 128 bytes with 11 bytes around each.
    let mut answer = vec![0; 2 * 12 + 288 * (128 + 11)];
    client.read_exact(&mut answer).unwrap();
    let packets = std::iter::from_fn(|| take(&mut answer)).skip(2).collect();
    assert_eq!(join(packets), impression.packed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_command_with_any_arguments_is_answered(
        code: u8,
        arguments in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bench = Bench::new(Model::R503);
        let answer = bench.exchange(&encode(0xFFFF_FFFF, Kind::Command, &[&[code], arguments.as_slice()].concat()));
        prop_assert!(answer.len() >= 12);
    }
}
