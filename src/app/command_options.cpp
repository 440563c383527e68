#include "src/app/command_options.hpp"

#include <fmt/format.h>

#include <sstream>

namespace claviger::app {

Error usage(std::string what) {
    return Error(Errc::bad_config, std::move(what));
}

bool is_help(std::string_view word) noexcept {
    return word == "--help" || word == "-h";
}

Result<po::variables_map> parse(const Arguments& arguments, const po::options_description& options,
                                const po::positional_options_description& positional) {
    po::variables_map values;
    try {
        po::store(po::command_line_parser(arguments).options(options).positional(positional).run(), values);
        po::notify(values);
    } catch (const po::error& error) {
        return usage(fmt::format("{}; try --help", error.what()));
    }
    return values;
}

ShowText help(std::string_view head, const po::options_description& options) {
    std::ostringstream text;
    text << head << "\n" << options;
    return {text.str()};
}

po::options_description service_options() {
    po::options_description options("Options");
    options.add_options()("help,h", "show this")("data",
                                                 po::value<std::string>()->default_value("./.claviger"),
                                                 "the data directory of the running service");
    return options;
}

std::filesystem::path admin_socket(const po::variables_map& values) {
    return Layout{values["data"].as<std::string>()}.admin_socket();
}

}  // namespace claviger::app
