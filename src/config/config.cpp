#include "src/config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include <claviger/base/token_serial.hpp>

#include "src/config/section.hpp"

namespace claviger::config {
namespace {

// A name becomes a directory below the data directory, with a Unix socket in it (unix(7): 107 bytes in all).
constexpr std::size_t kMaxHsmName = 15;
constexpr std::string_view kHsmNameLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";

std::optional<Error> read_service(Section section, Service& to) {
    section.path("data", to.data);
    section.path("sealing-key", to.sealing_key);
    std::vector<std::string> regions;
    section.texts("regions", regions);
    const std::set<std::string_view> distinct(regions.begin(), regions.end());
    section.require(distinct.size() == regions.size() && !distinct.contains(""),
                    "names a Region twice, or one without a name, in regions");
    if (!regions.empty()) {
        to.regions = std::move(regions);
    }
    section.read<std::string>("account", "twelve digits", [&](const std::string& value) {
        to.account = value;
        return value.size() == 12 && value.find_first_not_of("0123456789") == std::string::npos;
    });
    return section.finish();
}

std::optional<Error> read_http(Section section, Http& to) {
    section.endpoint("listen", to.listen);
    section.endpoint("admin-listen", to.admin_listen);
    section.path("tls-certificate", to.tls_certificate);
    section.path("tls-key", to.tls_key);
    section.number("threads", to.threads, 0, 256);
    section.number("max-connections", to.max_connections, 1, 1'000'000);
    section.duration("idle-timeout-seconds", to.idle_timeout, 1, 3600);
    return section.finish();
}

std::optional<Error> read_audit(Section section, Audit& to) {
    section.path("directory", to.directory);
    section.choice<AuditSync>("sync", to.sync, {{"off", AuditSync::off}, {"always", AuditSync::always}});
    section.number("rotate-bytes", to.rotate_bytes, 1 << 16, std::int64_t{1} << 40);
    return section.finish();
}

std::optional<Error> read_attestation(Section section, Attestation& to) {
    section.path("roots", to.roots);
    return section.finish();
}

std::optional<Error> read_cluster(Section section, Cluster& to) {
    section.choice<Recovery>("recovery", to.recovery,
                             {{"offline", Recovery::offline}, {"vault", Recovery::vault}});
    section.path("recovery-key", to.recovery_key);
    section.choice<Membership>("membership", to.membership,
                               {{"open", Membership::open}, {"sealed", Membership::sealed}});
    section.duration("request-deadline-ms", to.request_deadline, 50, 60'000);
    section.number("key-memory-mb", to.key_memory_mb, 1, 1 << 20);
    return section.finish();
}

enum class HsmUse { default_cluster, pool };

// As claviger-hsm tells by its name a module whose tokens are files (--token-files).
bool makes_tokens(const std::filesystem::path& module) {
    return module.string().find("softhsm") != std::string::npos;
}

std::optional<Error> read_hsm(std::string_view file, const toml::node& node, Config& to) {
    const toml::table* const table = node.as_table();
    if (table == nullptr) {
        return bad(file, &node, "write each HSM as [[hsm]]");
    }
    Hsm hsm;
    Section section(file, table, "hsm");
    section.read<std::string>("name", "1 to 15 letters, digits and dashes", [&](const std::string& value) {
        hsm.name = value;
        return !value.empty() && value.size() <= kMaxHsmName &&
               value.find_first_not_of(kHsmNameLetters) == std::string::npos;
    });
    section.text("zone", hsm.zone);
    HsmUse use = HsmUse::default_cluster;
    section.choice<HsmUse>("use", use, {{"default", HsmUse::default_cluster}, {"cloudhsm", HsmUse::pool}});
    section.path("module", hsm.module);
    section.read<std::string>("serial", "1 to 16 characters, as the module shows it",
                              [&](const std::string& value) {
                                  hsm.serial = value;
                                  return !value.empty() && value.size() <= kMaxTokenSerial;
                              });
    section.path("officer-pin-file", hsm.officer_pin_file);
    section.choice<Officer>("officer", hsm.officer,
                            {{"managed", Officer::managed}, {"operator", Officer::people}});
    const bool asked = hsm.officer == Officer::people;
    section.require(
        !asked || hsm.officer_pin_file.empty(),
        "has officer = \"operator\", whose PIN is typed, and an officer-pin-file: one of the two");
    section.require(
        hsm.serial.empty() == (hsm.officer_pin_file.empty() && !asked),
        "needs serial and officer-pin-file together: a token that exists, and the PIN of its officer "
        "(SO), or officer = \"operator\" if people type it");
    section.require(
        hsm.serial.empty() || use == HsmUse::pool,
        "can have serial with use = \"cloudhsm\" only: the default cluster makes its tokens itself");
    // CreateHsm would initialise a token, and DeleteHsm cannot undo it: its officer's PIN would be lost.
    section.require(
        use != HsmUse::pool || !hsm.serial.empty() || makes_tokens(hsm.module),
        "with use = \"cloudhsm\" and this module needs serial and officer-pin-file: tokens are made and "
        "removed with SoftHSM only, others must exist");
    section.choice<Wipe>("wipe", hsm.wipe, {{"objects", Wipe::objects}, {"init-token", Wipe::init_token}});
    section.require(hsm.wipe == Wipe::objects || !asked,
                    "cannot have wipe = \"init-token\" with officer = \"operator\": DeleteHsm asks nobody");
    section.require(hsm.wipe == Wipe::objects || !hsm.serial.empty(),
                    "can have wipe = \"init-token\" with serial only: a token that CreateHsm made is removed "
                    "as a whole in any case, and HSMs of the default cluster are not deleted");
    section.flag("accept-weak-module", hsm.accept_weak_module);
    section.read<std::string>("replication", "\"key-token\" (\"native\" is not built yet)",
                              [](const std::string& value) { return value == "key-token"; });
    if (auto error = section.finish()) {
        return error;
    }
    if (hsm.name.empty() || hsm.zone.empty()) {
        return bad(file, &node, "an [[hsm]] needs name and zone");
    }
    for (const std::vector<Hsm>* const all : {&to.hsms, &to.pool}) {
        if (std::ranges::find(*all, hsm.name, &Hsm::name) != all->end()) {
            return bad(file, &node, fmt::format("two HSMs are named \"{}\"", hsm.name));
        }
    }
    if (!hsm.serial.empty() && std::ranges::find(to.pool, hsm.serial, &Hsm::serial) != to.pool.end()) {
        return bad(file, &node, fmt::format("two HSMs are the token {}: one token, one [[hsm]]", hsm.serial));
    }
    (use == HsmUse::pool ? to.pool : to.hsms).push_back(std::move(hsm));
    return std::nullopt;
}

std::optional<Error> read_cloudhsm(Section section, CloudHsm& to) {
    section.path("soft-module", to.soft_module);
    return section.finish();
}

bool is_subnet_id(std::string_view id) {
    constexpr std::string_view kPrefix = "subnet-";
    return id.starts_with(kPrefix) && id.size() >= kPrefix.size() + 8 && id.size() <= kPrefix.size() + 17 &&
           id.find_first_not_of("0123456789abcdefABCDEF", kPrefix.size()) == std::string_view::npos;
}

std::optional<Error> read_subnet(std::string_view file, const toml::node& node, std::vector<Subnet>& to) {
    const toml::table* const table = node.as_table();
    if (table == nullptr) {
        return bad(file, &node, "write each subnet as [[subnet]]");
    }
    Subnet subnet;
    Section section(file, table, "subnet");
    section.read<std::string>("id", "\"subnet-\" and 8 to 17 hexadecimal digits",
                              [&](const std::string& value) {
                                  subnet.id = value;
                                  return is_subnet_id(value);
                              });
    section.read<std::string>("zone", "one letter from a to z", [&](const std::string& value) {
        subnet.zone = value;
        return value.size() == 1 && value[0] >= 'a' && value[0] <= 'z';
    });
    section.read<std::string>("network", "a network like \"10.0.1.0/24\"", [&](const std::string& value) {
        subnet.network = value;
        return value.ends_with(".0/24") && std::ranges::count(value, '.') == 3;
    });
    if (auto error = section.finish()) {
        return error;
    }
    if (subnet.id.empty() || subnet.zone.empty() || subnet.network.empty()) {
        return bad(file, &node, "a [[subnet]] needs id, zone and network");
    }
    for (const Subnet& other : to) {
        if (other.id == subnet.id || other.network == subnet.network) {
            return bad(file, &node, fmt::format("two subnets have the id or the network of {}", other.id));
        }
    }
    to.push_back(std::move(subnet));
    return std::nullopt;
}

std::optional<Error> cross_check(std::string_view file, const Config& config) {
    if (config.http.tls_certificate.empty() != config.http.tls_key.empty()) {
        return bad(file, nullptr, "http.tls-certificate and http.tls-key go together");
    }
    if (config.http.tls_certificate.empty() && !config.http.listen.is_loopback()) {
        return bad(file, nullptr,
                   "http.listen is not a loopback address: give http.tls-certificate and http.tls-key");
    }
    const auto in_data = [&](const std::filesystem::path& path) {
        const auto relative = path.lexically_relative(config.service.data);
        return !relative.empty() && *relative.begin() != "..";
    };
    const auto refuse_in_data = [&](std::string_view option) {
        return bad(
            file, nullptr,
            fmt::format(
                "{} lies inside service.data: keep it elsewhere, so that no copy of the data directory "
                "carries it",
                option));
    };
    if (in_data(config.service.sealing_key)) {
        return refuse_in_data("service.sealing-key");
    }
    for (const Hsm& hsm : config.pool) {
        if (!hsm.officer_pin_file.empty() && in_data(hsm.officer_pin_file)) {
            return refuse_in_data(fmt::format("hsm.officer-pin-file of \"{}\"", hsm.name));
        }
    }
    if (config.hsms.empty()) {
        return bad(file, nullptr, "no [[hsm]] with use = \"default\": name at least one");
    }
    return std::nullopt;
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    Endpoint endpoint;
    if (colon == std::string_view::npos) {
        return Error(Errc::bad_config, fmt::format("\"{}\" has no port: write address:port", text));
    }
    std::string_view address = text.substr(0, colon);
    if (address.starts_with('[') && address.ends_with(']')) {
        address = address.substr(1, address.size() - 2);
    }
    const std::string_view port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (address.empty() || error != std::errc() || end != port.data() + port.size()) {
        return Error(Errc::bad_config, fmt::format("\"{}\" is not address:port", text));
    }
    endpoint.address = address;
    return endpoint;
}

bool Endpoint::is_loopback() const {
    return address == "localhost" || address == "::1" || address.starts_with("127.");
}

Result<Config> Config::parse(std::string_view text, std::string_view name) {
    const toml::parse_result parsed = toml::parse(text, std::string(name));
    if (!parsed) {
        return Error(Errc::bad_config, fmt::format("{}:{}: {}", name, parsed.error().source().begin.line,
                                                   parsed.error().description()));
    }
    const toml::table& root = parsed.table();
    Config config;
    const auto section = [&](std::string_view key) {
        return Section(name, root[key].as_table(), std::string(key));
    };
    for (const auto& [key, node] : root) {
        const std::string_view k = key.str();
        if (k == "hsm" || k == "subnet" ? !node.is_array_of_tables() : !node.is_table()) {
            return bad(name, &node,
                       k == "hsm" || k == "subnet" ? fmt::format("{0} is a list: write [[{0}]]", k)
                                                   : fmt::format("{0} must be a section: write [{0}]", k));
        }
        if (k != "service" && k != "http" && k != "audit" && k != "attestation" && k != "cluster" &&
            k != "cloudhsm" && k != "hsm" && k != "subnet") {
            return bad(name, &node, fmt::format("[{}] is not a section; see deploy/claviger.toml", k));
        }
    }
    std::optional<Error> error = read_service(section("service"), config.service);
    if (!error) {
        error = read_http(section("http"), config.http);
    }
    if (!error) {
        error = read_audit(section("audit"), config.audit);
    }
    if (!error) {
        error = read_attestation(section("attestation"), config.attestation);
    }
    if (!error) {
        error = read_cluster(section("cluster"), config.cluster);
    }
    if (!error) {
        error = read_cloudhsm(section("cloudhsm"), config.cloudhsm);
    }
    if (const toml::array* const subnets = root["subnet"].as_array(); subnets != nullptr && !error) {
        for (const toml::node& node : *subnets) {
            error = read_subnet(name, node, config.subnets);
            if (error) {
                break;
            }
        }
    }
    if (const toml::array* const hsms = root["hsm"].as_array(); hsms != nullptr && !error) {
        for (const toml::node& node : *hsms) {
            error = read_hsm(name, node, config);
            if (error) {
                break;
            }
        }
    }
    if (!error) {
        error = cross_check(name, config);
    }
    if (error) {
        return *std::move(error);
    }
    if (config.audit.directory.empty()) {
        config.audit.directory = config.service.data / "audit";
    }
    return config;
}

Result<Config> Config::load(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) {
        return Error(
            Errc::bad_config,
            fmt::format("cannot read {}: give --config a file like deploy/claviger.toml", file.string()));
    }
    std::stringstream text;
    text << in.rdbuf();
    return parse(text.str(), file.string());
}

}  // namespace claviger::config
