//! Any text as a policy: errors with a place, or a policy that can be explained and reads the same again.

#![no_main]

use cartwheel_hostabi::CATALOGUE;
use cartwheel_runtime::policy::{Policy, Trust, TrustLevel};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| match Policy::parse(text) {
    Ok(policy) => {
        assert_eq!(Policy::parse(policy.text()).as_ref(), Ok(&policy));
        policy.warnings().iter().for_each(|warning| assert!(!warning.render("warning", "fuzz").is_empty()));
        for row in CATALOGUE {
            let explained = policy.explain("module", "origin", &Trust::new(TrustLevel::Unverified), row);
            assert!(!explained.cases.is_empty());
        }
    }
    Err(errors) => {
        assert!(!errors.is_empty());
        errors.iter().for_each(|error| assert!(!error.render("error", "fuzz").is_empty()));
    }
});
