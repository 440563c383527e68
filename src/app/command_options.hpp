// What the parsers of subcommands share. Private to src/app.
#pragma once

#include <boost/program_options.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "src/app/command_line.hpp"

namespace claviger::app {

namespace po = boost::program_options;
using Arguments = std::vector<std::string>;

// bad_config with that text.
Error usage(std::string what);
bool is_help(std::string_view word) noexcept;

// Parses one subcommand's options; any problem is a usage error.
Result<po::variables_map> parse(const Arguments& arguments, const po::options_description& options,
                                const po::positional_options_description& positional = {});
ShowText help(std::string_view head, const po::options_description& options);

// --help, and --data of commands for the running service.
po::options_description service_options();
std::filesystem::path admin_socket(const po::variables_map& values);

// Parsers of subcommands; `arguments` are behind their words in the table of command_line.cpp.
Result<Command> parse_dev(const Arguments& arguments);
Result<Command> parse_serve(const Arguments& arguments);
Result<Command> parse_audit_verify(const Arguments& arguments);
Result<Command> parse_backup(const Arguments& arguments);
Result<Command> parse_cloudhsm(const Arguments& arguments);
Result<Command> parse_cluster_recover(const Arguments& arguments);
Result<Command> parse_recovery(const Arguments& arguments);

}  // namespace claviger::app
