#include "tools/claviger-bench/options.hpp"

#include <boost/program_options.hpp>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "tools/claviger-bench/operations.hpp"

namespace claviger::bench {
namespace {

namespace po = boost::program_options;
using Words = std::vector<std::string>;

constexpr const char* kAbout =
    "claviger-bench: what the tokens, the HSM link, an empty HTTP server and the whole service do on this\n"
    "machine, each measured alone in the same run with the load generator on the same cores.\n\n"
    "  raw    C_ calls on session objects, one process per core, none of our code: T\n"
    "  noop   a Beast server and nginx that answer the bytes of a GenerateDataKey: N is the faster\n"
    "  link   one claviger-hsm over its data socket at depth 1, 16 and 64\n"
    "  http   the whole path: SigV4, policy, key operation in an HSM, audit record, answer\n"
    "  keys   many keys: how fast they are made, found and used, with all or some of them loaded in the "
    "HSMs\n\n"
    "The limit of the machine is 1 / (1/N + 1/T); ratios are shares of it. Every answer is checked, samples\n"
    "are decrypted, and afterwards the audit files must hold exactly one valid record per request.\n\n"
    "Environment for --endpoint-port: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION.\n"
    "Exit: 0 good, 1 wrong answers or no run, 2 --accept and a ratio was missed.\n\nOptions";

const Words kParts{"raw", "noop", "link", "http", "keys"};

Words known_operations() {
    Words known(kSymmetricOperations.begin(), kSymmetricOperations.end());
    for (const KeyOperation& operation : kKeyOperations) {
        known.emplace_back(operation.name);
    }
    return known;
}

std::string listed(const Words& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

void only_from(const Words& given, const Words& known, const std::string& option) {
    for (const std::string& word : given) {
        if (std::find(known.begin(), known.end(), word) == known.end()) {
            throw std::invalid_argument("--" + option + ": unknown '" + word + "'");
        }
    }
}

std::filesystem::path own_directory() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv) {
    Options options;
    options.cores = std::max(1U, std::thread::hardware_concurrency());
    Words parts;
    Words operations;
    Words signing;
    std::string module;
    std::string programs;
    std::string json;
    std::string audit;
    double point = 0;
    std::uint16_t port = 0;
    po::options_description description(kAbout, 100);
    description.add_options()("help,h", "this text")    //
        ("quick", "half a second a point: for checks")  //
        ("part", po::value(&parts)->multitoken()->default_value(kParts, "all"),
         ("parts to run: " + listed(kParts)).c_str())  //
        ("operation", po::value(&operations)->multitoken()->default_value(known_operations(), "all"),
         ("operations of raw, link and http: " + listed(known_operations())).c_str())  //
        ("depth", po::value(&options.depths)->multitoken()->default_value({1, 16, 64}, "1 16 64"),
         "requests outstanding on the connection of link")  //
        ("connections", po::value(&options.connections)->multitoken()->default_value({1, 16, 64}, "1 16 64"),
         "connections of http")  //
        ("signing", po::value(&signing)->multitoken()->default_value({"fresh", "replayed"}, "fresh replayed"),
         "fresh: every request signed for its own; replayed: signed beforehand, as wrk would send them")  //
        ("rounds", po::value(&options.rounds)->default_value(1),
         "times that the parts are run in turn; the best of each point counts: for machines that others use, "
         "where the least disturbed moment says most")                                        //
        ("seconds", po::value(&point)->default_value(0, "5"), "measured time of each point")  //
        ("keys", po::value(&options.keys)->default_value(0, "100000, 2000 with --quick"),
         "keys of the part keys")  //
        ("threads", po::value(&options.threads)->default_value(0, "2, or the cores if fewer"),
         "threads of the load generator")  //
        ("module", po::value(&module)->default_value("/usr/lib/softhsm/libsofthsm2.so"),
         "SoftHSM, for raw")  //
        ("programs", po::value(&programs)->default_value({}, "beside this program"),
         "directory of claviger and claviger-hsm")  //
        ("endpoint-port", po::value(&port),
         "measure the service on 127.0.0.1:PORT instead of starting `claviger dev`")  //
        ("audit", po::value(&audit), "directory of that service's audit files")       //
        ("json", po::value(&json), "also write the results there")                    //
        ("accept", "exit 2 unless every required ratio is reached")                   //
        ("slack", po::value(&options.slack)->default_value(1.0, "1"), "multiplies what --accept requires");

    po::variables_map given;
    po::store(po::parse_command_line(argc, argv, description), given);
    if (given.contains("help")) {
        std::cout << description << '\n';
        return std::nullopt;
    }
    po::notify(given);
    only_from(parts, kParts, "part");
    only_from(operations, known_operations(), "operation");
    only_from(signing, {"fresh", "replayed"}, "signing");

    options.parts = {parts.begin(), parts.end()};
    options.operations = operations;
    for (const std::string& word : signing) {
        options.signing.insert(word == "fresh" ? Signing::fresh : Signing::replayed);
    }
    options.module = module;
    options.programs = programs.empty() ? own_directory() : std::filesystem::path(programs);
    if (given.contains("quick")) {
        options.point = Seconds(0.5);
        options.warm_up = Seconds(0.2);
    }
    if (options.keys == 0) {
        options.keys = given.contains("quick") ? 2000 : 100'000;
    }
    if (point > 0) {
        options.point = Seconds(point);
    }
    if (options.threads == 0) {
        options.threads = std::min(2U, options.cores);
    }
    options.accept = given.contains("accept");
    if (!json.empty()) {
        options.json = json;
    }
    if (!audit.empty()) {
        options.audit = audit;
    }
    if (port != 0) {
        options.endpoint_port = port;
    }
    return options;
}

}  // namespace claviger::bench
