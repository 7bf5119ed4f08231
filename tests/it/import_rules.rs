//! Who may import what: the table that `tidy` holds the sources against.

/// What a pure module may take beside std: of this crate modules, or pure files of the shell's; of others.
pub(crate) struct Rule {
    pub(crate) module: &'static str,
    pub(crate) from_this_crate: &'static [&'static str],
    pub(crate) from_outside: &'static [&'static str],
}

impl Rule {
    /// Whether a path behind `crate::` leads into what may be taken; one without a name, such as a group, does.
    pub(crate) fn may_take(&self, path: &str) -> bool {
        let leads_into = |module: &str| {
            let rest = path.strip_prefix(module);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        };
        !path.starts_with(|c: char| c.is_alphabetic())
            || leads_into(self.module)
            || self.from_this_crate.iter().any(|module| leads_into(module))
    }
}

/// The pure modules; the rest is the shell.
pub(crate) const RULES: [Rule; 30] = [
    Rule {
        module: "access",
        from_this_crate: &["call_record"],
        from_outside: &["jiff", "serde"],
    },
    Rule {
        module: "audio",
        from_this_crate: &[],
        from_outside: &["serde", "thiserror"],
    },
    Rule {
        module: "hearing",
        from_this_crate: &["audio"],
        from_outside: &["realfft", "serde"],
    },
    Rule {
        module: "agi",
        from_this_crate: &[],
        from_outside: &["bytes", "nom", "percent_encoding", "thiserror"],
    },
    Rule {
        module: "dialplan.rs",
        from_this_crate: &[],
        from_outside: &[],
    },
    Rule {
        module: "text.rs",
        from_this_crate: &[],
        from_outside: &[],
    },
    Rule {
        module: "number",
        from_this_crate: &["setting"],
        from_outside: &[
            "nom",
            "percent_encoding",
            "phonenumber",
            "serde",
            "thiserror",
        ],
    },
    Rule {
        module: "setting.rs",
        from_this_crate: &[],
        from_outside: &["serde"],
    },
    Rule {
        module: "prompts.rs",
        from_this_crate: &[],
        from_outside: &[],
    },
    Rule {
        module: "tap/pace.rs",
        from_this_crate: &[],
        from_outside: &[],
    },
    Rule {
        module: "tap/audiosocket/frame.rs",
        from_this_crate: &[],
        from_outside: &["bytes", "nom", "thiserror", "tokio_util"],
    },
    Rule {
        module: "tap/audiosocket/id.rs",
        from_this_crate: &[],
        from_outside: &["getrandom", "subtle"],
    },
    Rule {
        module: "tap/audiosocket/register.rs",
        from_this_crate: &[],
        from_outside: &["subtle"],
    },
    Rule {
        module: "tap/spy/incoming.rs",
        from_this_crate: &["audio", "tap"],
        from_outside: &[],
    },
    Rule {
        module: "tap/plan.rs",
        from_this_crate: &["agi"],
        from_outside: &[],
    },
    Rule {
        module: "call_record",
        from_this_crate: &["audio", "hearing", "number", "prompts"],
        from_outside: &["jiff", "serde", "thiserror"],
    },
    Rule {
        module: "wording",
        from_this_crate: &[
            "audio",
            "case",
            "figures",
            "hearing",
            "imported",
            "prompts",
            "call_record",
            "text",
        ],
        from_outside: &["jiff", "serde"],
    },
    Rule {
        module: "call",
        from_this_crate: &[
            "agi",
            "audio",
            "dialplan",
            "hearing",
            "number",
            "wording",
            "prompts",
            "call_record",
            "setting",
            "tap::plan",
            "text",
        ],
        from_outside: &["jiff", "serde", "thiserror"],
    },
    Rule {
        module: "case",
        from_this_crate: &["number", "call_record"],
        from_outside: &["jiff", "serde"],
    },
    Rule {
        module: "doctor",
        from_this_crate: &["call_record", "dialplan", "wording", "text"],
        from_outside: &["base64", "ring", "serde", "serde_json", "thiserror"],
    },
    Rule {
        module: "figures",
        from_this_crate: &["call_record"],
        from_outside: &["jiff"],
    },
    Rule {
        module: "imported",
        from_this_crate: &["call_record", "figures", "number"],
        from_outside: &["jiff"],
    },
    Rule {
        module: "keeping",
        from_this_crate: &["call_record", "number"],
        from_outside: &["jiff", "ring", "serde_json"],
    },
    Rule {
        module: "call_log/queue.rs",
        from_this_crate: &["call_record"],
        from_outside: &["jiff"],
    },
    Rule {
        module: "call_log/query.rs",
        from_this_crate: &["case", "number", "call_record"],
        from_outside: &["jiff"],
    },
    Rule {
        module: "ami/block.rs",
        from_this_crate: &[],
        from_outside: &[],
    },
    Rule {
        module: "answered_calls/calls_up",
        from_this_crate: &["ami", "case"],
        from_outside: &[],
    },
    Rule {
        module: "queue_watch/watch",
        from_this_crate: &[
            "ami",
            "audio",
            "call_record",
            "hearing",
            "prompts",
            "setting",
        ],
        from_outside: &["realfft", "serde"],
    },
    Rule {
        module: "delivery/trim.rs",
        from_this_crate: &["audio", "hearing", "prompts", "call_record"],
        from_outside: &["serde"],
    },
    Rule {
        module: "plot",
        from_this_crate: &["audio", "call", "call_record", "hearing", "wording", "text"],
        from_outside: &[],
    },
];
