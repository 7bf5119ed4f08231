# Everything that must hold before a change lands.
ci:
    .ci/run

# All tests, with calls through a real Asterisk.
test:
    tests/run

# The tests that need no PBX.
quick:
    cargo nextest run --config-file tests/nextest.toml

# Format the sources.
fmt:
    cargo fmt

# Lints, warnings denied.
lint:
    cargo clippy --all-targets -- -D warnings

# The library's documentation.
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

# Licences and sources of the dependencies.
deny:
    cargo deny check bans licenses sources

# Write the snapshots anew; the diff is then reviewed.
snapshots:
    INSTA_UPDATE=always cargo nextest run

# Every kind of caller against the real server, without a PBX.
demo:
    cargo run --release -- demo --once
