// What somebody typed, read as a command of `claviger cloudhsm`: by the terminal before it asks for a
// password, and by the service. Pure; any thread. Errors are sentences for the person at the terminal
// (Errc::bad_config), and repeat no word that may be a secret.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include <claviger/base/result.hpp>
#include <claviger/base/secret.hpp>

#include "src/cloudhsm/command_table.hpp"

namespace claviger::cloudhsm {

using Words = std::span<const std::string_view>;
using Options = std::map<std::string, SecretBytes, std::less<>>;

struct ReadCommand {
    const CommandRow* row;  // never nullptr
    Options options;
};

// `later`: the terminal asks for it.
enum class Password { now, later };

// Words until the first option, then options that the command has, each with its value.
Result<ReadCommand> read_command(Words words, Password password);

// Is it the name of an option of some command, and one that has a value?
bool is_option(std::string_view word) noexcept;
bool takes_value(std::string_view word) noexcept;

// "help …", or --help or -h somewhere.
bool asks_for_help(Words words) noexcept;
// What it asks about: a command, the first words of several, or all of them.
std::string help_on(Words words);

}  // namespace claviger::cloudhsm
