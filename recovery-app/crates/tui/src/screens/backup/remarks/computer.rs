//! What is unusual about the computer itself.

use report::size;

use super::{danger, warning};
use crate::job::Remark;
use crate::tool::Facts;

/// With less free memory than this the work is slow. Bytes.
const LITTLE: u64 = 400_000_000;

/// A battery with less than this does not last for a backup. Percent.
const LOW: u8 = 25;

pub fn of_facts(facts: &Facts) -> Vec<Remark> {
    let battery = facts.on_battery.map(|percent| {
        let words = format!(
            "The computer runs on its battery ({percent} %). Plug it in: when it goes off half-way, \
             there is no backup."
        );
        if percent < LOW { danger(words) } else { warning(words) }
    });
    let memory = facts.free_memory.filter(|free| *free < LITTLE).map(|free| {
        let free = size::in_words(free);
        warning(format!("Little memory is free ({free}). The backup works, but may be slow."))
    });
    let hidden = facts.hidden_disks.as_ref().map(|controller| {
        warning(format!(
            "This computer may have disks that cannot be seen, behind {controller}. They are not \
             saved. To see them, choose 'AHCI' in place of 'RAID', 'RST' or 'VMD' in the \
             computer's own setup program, and set it back when the work is done, or Windows does \
             not start."
        ))
    });
    [battery, memory, hidden].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Severity;

    #[test]
    fn an_ordinary_computer_needs_no_words() {
        let facts = Facts { free_memory: Some(8_000_000_000), ..Facts::default() };
        assert_eq!(of_facts(&facts), []);
    }

    #[test]
    fn battery_memory_and_hidden_disks_are_told() {
        let facts = Facts {
            free_memory: Some(312_000_000),
            on_battery: Some(57),
            hidden_disks: Some("Intel VMD".to_owned()),
            ..Facts::default()
        };
        let told = of_facts(&facts);
        assert!(told.iter().all(|remark| remark.severity == Severity::Warning), "{told:?}");
        let [battery, memory, hidden] = [0, 1, 2].map(|place| told[place].words.as_str());
        assert!(battery.contains("57 %") && memory.contains("312 MB"), "{told:?}");
        assert!(hidden.contains("Intel VMD") && hidden.contains("'AHCI'"), "{told:?}");
        let empty = Facts { on_battery: Some(9), ..Facts::default() };
        assert_eq!(of_facts(&empty)[0].severity, Severity::Danger);
    }
}
