//! What holds for any text that somebody gives as a configuration.

use voicemail_guard::config::Config;

pub fn read(bytes: &[u8]) {
    match Config::parse(bytes) {
        Ok(config) => {
            let boxes: Vec<&str> = config.mailboxes().chain(["no box at all"]).collect();
            for name in boxes {
                let policy = config.policy(&name.into());
                assert!(
                    policy.warning_before_end < policy.longest_message,
                    "{policy:?}"
                );
                assert!(policy.longest_message < policy.longest_call, "{policy:?}");
                assert!(policy.questions > 0, "{policy:?}");
            }
            assert!(!config.listen.is_empty());
            assert!(config.limits.connections >= config.limits.calls);
        }
        Err(problems) => {
            let lines = bytes.iter().filter(|&&byte| byte == b'\n').count() + 1;
            assert!(!problems.is_empty(), "refused without a reason");
            for problem in problems {
                assert!(
                    (1..=lines).contains(&problem.line),
                    "{problem} of {lines} lines"
                );
                assert!(!problem.what.is_empty());
            }
        }
    }
}
