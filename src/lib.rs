//! voicemail-guard: a FastAGI server that guards the voice box of a support hotline.
