// Reading a secret from the terminal.
#pragma once

#include <optional>

#include <claviger/base/secret.hpp>

namespace claviger {

// One line of standard input without its end, at most `most` bytes; nothing at its end. A terminal shows
// `prompt` (on standard error) and no echo meanwhile; a signal that ends the process turns the echo on again.
// No buffer but the answer ever has the line. For programs with one thread: it changes the actions of SIGINT,
// SIGTERM, SIGHUP and SIGQUIT for that time.
std::optional<SecretBytes> read_hidden_line(const char* prompt, std::size_t most);

// The same of a file, without a prompt.
std::optional<SecretBytes> read_line(int file, std::size_t most);

}  // namespace claviger
