//! Taking, reading and sending images.

use host_driver::biometric::{GrayImage, Unreadable, extract};

use super::{Confirmation, SensorCore};
use crate::finger::Impression;

impl SensorCore {
    pub(super) fn take_image(&mut self) -> Confirmation {
        match self.finger.finger() {
            None => Confirmation::NoFinger,
            Some(_) if self.faults.blind => Confirmation::NoFinger,
            Some(_) if self.faults.image_fails => Confirmation::ImageFailed,
            Some(impression) => {
                self.counters.images += 1;
                self.image = Some(self.seen(&impression));
                Confirmation::Ok
            }
        }
    }

    /// What the glass of this model shows of an impression: its middle.
    fn seen(&self, impression: &Impression) -> Vec<u8> {
        let (width, height) = self.model.image_size();
        let image = impression.image();
        let (left, top) = ((image.width() - width) / 2, (image.height() - height) / 2);
        let rows = image.pixels().chunks_exact(image.width()).skip(top).take(height);
        let pixels: Vec<u8> = rows.flat_map(|row| &row[left..left + width]).copied().collect();
        pixels
            .chunks_exact(2)
            .map(|pair| (pair[0] & 0xF0) | (pair[1] >> 4))
            .collect()
    }

    pub(super) fn make_template(&mut self, buffer: u8) -> Confirmation {
        let (width, height) = self.model.image_size();
        let Some(packed) = &self.image else {
            return Confirmation::NoImage;
        };
        let Ok(image) = GrayImage::from_packed_4bit(packed, width, height) else {
            return Confirmation::NoImage;
        };
        match extract(&image) {
            Ok(template) => {
                self.library.set_buffer(buffer, Some(template));
                Confirmation::Ok
            }
            Err(Unreadable::Uniform | Unreadable::ContrastTooLow) => Confirmation::ImageMessy,
            Err(Unreadable::TooLittleFinger | Unreadable::TooFewMinutiae) => Confirmation::TooFewFeatures,
        }
    }

    pub(super) fn send_image(&mut self) {
        let Some(mut image) = self.image.clone() else {
            return self.reply(Confirmation::UpImageFailed, &[]);
        };
        self.reply(Confirmation::Ok, &[]);
        if let Some(length) = self.faults.short_image {
            image.truncate(length);
        }
        let mut packets = self.data_packets(&image);
        if let Some(last_byte_of_sum) = self
            .faults
            .bad_sum_in_packet
            .and_then(|number| packets.get_mut(number)?.last_mut())
        {
            *last_byte_of_sum ^= 0x01;
        }
        let mut bytes = packets.concat();
        if let Some(length) = self.faults.stall_in_image {
            bytes.truncate(length);
        } else {
            self.counters.uploads += 1;
        }
        self.outgoing.extend(bytes);
    }
}
