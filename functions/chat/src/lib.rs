//! The function chat.
