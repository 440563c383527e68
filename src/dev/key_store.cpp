#include "src/dev/key_store.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <claviger/base/encoding.hpp>
#include <claviger/base/files.hpp>
#include <claviger/cluster/trust.hpp>

namespace claviger::dev {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace std::chrono_literals;

constexpr auto kPoll = 20ms;
constexpr auto kPatience = 60s;
constexpr std::string_view kTag = "claviger:dev";  // tells our cluster from those that its user makes
constexpr std::string_view kPassword = "kmsPswd-1";

std::string text(const json::object& from, std::string_view name) {
    const json::value* value = from.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

json::array list(const json::object& from, std::string_view name) {
    const json::value* value = from.if_contains(name);
    return value != nullptr && value->is_array() ? value->get_array() : json::array();
}

bool has_tag(const json::object& cluster) {
    for (const json::value& tag : list(cluster, "TagList")) {
        if (text(tag.as_object(), "Key") == kTag) {
            return true;
        }
    }
    return false;
}

std::string pem_content(const std::string& pem) {
    std::string base64;
    for (std::size_t at = 0; at < pem.size();) {
        const std::size_t end = std::min(pem.find('\n', at), pem.size());
        if (pem[at] != '-') {
            base64.append(pem, at, end - at);
        }
        at = end + 1;
    }
    return base64;
}

// One attempt, from whatever an earlier one left.
class Maker {
public:
    explicit Maker(KeyStoreTools tools) : tools_(std::move(tools)) {}

    asio::awaitable<Status<>> run() {
        using Step = asio::awaitable<Status<>> (Maker::*)();
        static constexpr Step kSteps[] = {
            &Maker::create_cluster, &Maker::create_first_hsm,  &Maker::initialize,   &Maker::activate,
            &Maker::create_user,    &Maker::create_second_hsm, &Maker::create_store, &Maker::connect};
        for (const Step step : kSteps) {
            Status<> status = co_await (this->*step)();
            if (!status) {
                co_return status;
            }
        }
        co_return done;
    }

private:
    asio::awaitable<Status<>> create_cluster() {
        json::object all;
        const auto there = co_await ask(tools_.cloudhsm, "DescribeClusters", std::move(all));
        if (!there) {
            co_return there.error();
        }
        for (const json::value& one : list(*there, "Clusters")) {
            if (has_tag(one.as_object())) {
                id_ = text(one.as_object(), "ClusterId");
            }
        }
        if (id_.empty()) {
            const json::object tag{{"Key", kTag}, {"Value", "key store"}};
            json::object request{{"HsmType", "hsm1.medium"},
                                 {"SubnetIds", json::array{tools_.subnets.at(0), tools_.subnets.at(1)}},
                                 {"TagList", json::array(1, tag)}};
            const auto made = co_await ask(tools_.cloudhsm, "CreateCluster", std::move(request));
            if (!made) {
                co_return made.error();
            }
            id_ = text(made->at("Cluster").as_object(), "ClusterId");
        }
        co_return co_await until([&] { return state() != "CREATE_IN_PROGRESS"; });
    }

    asio::awaitable<Status<>> create_first_hsm() {
        if (hsms().empty()) {
            const Status<> begun = co_await create_hsm(0);
            if (!begun) {
                co_return begun;
            }
        }
        co_return co_await until([&] { return all_active(1); });
    }

    asio::awaitable<Status<>> initialize() {
        if (state() == "UNINITIALIZED") {
            const Status<> begun = co_await sign();
            if (!begun) {
                co_return begun;
            }
        }
        co_return co_await until([&] { return state() == "INITIALIZED" || state() == "ACTIVE"; });
    }

    // The authority's key is forgotten: it signs this once.
    asio::awaitable<Status<>> sign() {
        const auto authority = cluster::DevAuthority::create("dev", tools_.clock.wall(),
                                                             cluster::DevAuthority::KeyKind::rsa2048);
        const auto request =
            from_base64(pem_content(text(cluster_.at("Certificates").as_object(), "ClusterCsr")));
        if (!authority || !request) {
            co_return authority ? Error(Errc::internal, "the cluster's request is not PEM")
                                : authority.error();
        }
        const auto certificate = authority->sign(*request, tools_.clock.wall());
        if (!certificate) {
            co_return certificate.error();
        }
        Status<> kept = replace_file(tools_.anchor, as_bytes(authority->certificate_pem()));
        if (!kept) {
            co_return kept;
        }
        json::object input{
            {"ClusterId", id_}, {"SignedCert", *certificate}, {"TrustAnchor", authority->certificate_pem()}};
        co_return settled(co_await ask(tools_.cloudhsm, "InitializeCluster", std::move(input)));
    }

    asio::awaitable<Status<>> activate() {
        if (state() == "INITIALIZED") {
            json::array words{"cluster", "activate", "--password", kAdminPassword};
            const Status<> activated = co_await command(std::move(words));
            if (!activated) {
                co_return activated;
            }
        }
        co_return co_await until([&] { return state() == "ACTIVE"; });
    }

    asio::awaitable<Status<>> create_user() {
        json::array words{"user",   "create",      "--username", "kmsuser",
                          "--role", "crypto-user", "--password", kPassword};
        Status<> made = co_await command(std::move(words));
        const bool there = !made && made.error().detail.find("exists already") != std::string::npos;
        co_return there ? Status<>(done) : made;
    }

    asio::awaitable<Status<>> create_second_hsm() {
        if (hsms().size() < 2) {
            const Status<> begun = co_await create_hsm(1);
            if (!begun) {
                co_return begun;
            }
        }
        co_return co_await until([&] { return all_active(2); });
    }

    asio::awaitable<Status<>> create_store() {
        json::object all;
        const auto there = co_await ask(tools_.kms, "DescribeCustomKeyStores", std::move(all));
        if (!there) {
            co_return there.error();
        }
        for (const json::value& one : list(*there, "CustomKeyStores")) {
            if (text(one.as_object(), "CloudHsmClusterId") == id_) {
                store_ = text(one.as_object(), "CustomKeyStoreId");
                co_return done;
            }
        }
        std::ifstream in(tools_.anchor);
        const std::string anchor{std::istreambuf_iterator<char>(in), {}};
        json::object request{{"CustomKeyStoreName", kKeyStoreName},
                             {"CloudHsmClusterId", id_},
                             {"KeyStorePassword", kPassword},
                             {"TrustAnchorCertificate", anchor}};
        const auto made = co_await ask(tools_.kms, "CreateCustomKeyStore", std::move(request));
        if (!made) {
            co_return made.error();
        }
        store_ = text(*made, "CustomKeyStoreId");
        co_return done;
    }

    asio::awaitable<Status<>> connect() {
        json::object which;
        which["CustomKeyStoreId"] = store_;
        json::object request = which;
        Status<> begun = settled(co_await ask(tools_.kms, "ConnectCustomKeyStore", std::move(request)));
        const MonoTime limit = tools_.clock.mono() + kPatience;
        while (begun) {
            request = which;
            const auto told = co_await ask(tools_.kms, "DescribeCustomKeyStores", std::move(request));
            if (!told) {
                co_return told.error();
            }
            const json::object store = list(*told, "CustomKeyStores").at(0).as_object();
            const std::string now = text(store, "ConnectionState");
            if (now == "CONNECTED") {
                co_return done;
            }
            if (now != "CONNECTING" || tools_.clock.mono() > limit) {
                co_return failed("ConnectCustomKeyStore", now + " " + text(store, "ConnectionErrorCode"));
            }
            co_await pause();
        }
        co_return begun;
    }

    asio::awaitable<Status<>> create_hsm(std::size_t zone) {
        const json::object& zones = cluster_.at("SubnetMapping").as_object();
        std::string name;
        for (const auto& [key, subnet] : zones) {
            if (subnet.as_string() == tools_.subnets.at(zone)) {
                name = key;
            }
        }
        json::object request{{"ClusterId", id_}, {"AvailabilityZone", name}};
        co_return settled(co_await ask(tools_.cloudhsm, "CreateHsm", std::move(request)));
    }

    // Describes the cluster until the condition holds for it.
    template <class Condition>
    asio::awaitable<Status<>> until(Condition condition) {
        const MonoTime limit = tools_.clock.mono() + kPatience;
        for (;;) {
            json::array ids;
            ids.emplace_back(id_);
            json::object filter;
            filter["clusterIds"] = std::move(ids);
            json::object request;
            request["Filters"] = std::move(filter);
            const auto told = co_await ask(tools_.cloudhsm, "DescribeClusters", std::move(request));
            if (!told) {
                co_return told.error();
            }
            cluster_ = list(*told, "Clusters").at(0).as_object();
            if (condition()) {
                co_return done;
            }
            for (const json::value& hsm : hsms()) {
                if (text(hsm.as_object(), "State") == "DEGRADED") {
                    co_return failed("CreateHsm", text(hsm.as_object(), "StateMessage"));
                }
            }
            if (tools_.clock.mono() > limit) {
                co_return failed("cluster " + id_, "it stays " + state());
            }
            co_await pause();
        }
    }

    std::string state() const { return text(cluster_, "State"); }
    json::array hsms() const { return list(cluster_, "Hsms"); }
    bool all_active(std::size_t least) const {
        const json::array all = hsms();
        return all.size() >= least && std::ranges::all_of(all, [](const json::value& hsm) {
                   return text(hsm.as_object(), "State") == "ACTIVE";
               });
    }

    asio::awaitable<void> pause() {
        asio::steady_timer timer(tools_.io, kPoll);
        co_await timer.async_wait(asio::use_awaitable);
    }

    static Error failed(std::string_view what, std::string_view why) {
        return Error(Errc::conflict, "the key store of claviger dev: " + std::string(what) + ": " +
                                         std::string(why) + ". --no-key-store starts without it");
    }

    static Status<> settled(const Result<json::object>& answer) {
        return answer ? Status<>(done) : Status<>(answer.error());
    }

    asio::awaitable<Result<json::object>> ask(Api& api, std::string_view operation, json::object input) {
        Outcome<json::object> answer = co_await api.call(operation, std::move(input));
        if (!answer) {
            co_return failed(operation, answer.error().describe());
        }
        co_return *std::move(answer);
    }

    asio::awaitable<Status<>> command(json::array words) {
        const std::string name(words.at(1).as_string());
        json::object request{{"cluster", id_},
                             {"command", std::move(words)},
                             {"role", "admin"},
                             {"pin", "admin:" + std::string(kAdminPassword)}};
        std::string line = json::serialize(request);
        const std::string answer = co_await tools_.command(std::move(line));
        const json::object told = json::parse(answer).as_object();  // our own JSON
        if (told.at("error_code").as_int64() == 0) {
            co_return done;
        }
        co_return failed(name, text(told, "data"));
    }

    const KeyStoreTools tools_;
    std::string id_;        // of the cluster
    json::object cluster_;  // as described last
    std::string store_;
};

}  // namespace

asio::awaitable<Status<>> make_key_store(KeyStoreTools tools) {
    Maker maker(std::move(tools));
    co_return co_await maker.run();
}

}  // namespace claviger::dev
