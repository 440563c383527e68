#include "tests/unit/kms/fakes.hpp"

#include <stdlib.h>

#include <filesystem>
#include <future>
#include <optional>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "src/kms/error.hpp"

namespace claviger::kms::test {
namespace {

namespace asio = boost::asio;

const boost::json::value* find_at(const boost::json::value& root, std::string_view path) {
    const boost::json::value* at = &root;
    while (!path.empty() && at != nullptr) {
        const std::string_view name = path.substr(0, path.find('.'));
        path.remove_prefix(std::min(name.size() + 1, path.size()));
        if (const auto* list = at->if_array()) {
            const auto index = static_cast<std::size_t>(std::stoul(std::string(name)));
            at = index < list->size() ? &(*list)[index] : nullptr;
        } else {
            at = at->is_object() ? at->get_object().if_contains(name) : nullptr;
        }
    }
    return at;
}

template <class T>
T wait_for(boost::asio::awaitable<T> work) {
    asio::io_context context;
    std::optional<T> result;
    auto body = [&]() -> asio::awaitable<void> { result = co_await std::move(work); };
    asio::co_spawn(context, std::move(body), [](std::exception_ptr failed) {
        if (failed) {
            std::rethrow_exception(failed);
        }
    });
    context.run();
    return std::move(*result);
}

store::SealingKey make_sealing_key(Random& random) {
    std::string directory = (std::filesystem::temp_directory_path() / "claviger-XXXXXX").string();
    if (::mkdtemp(directory.data()) == nullptr) {
        throw std::runtime_error("mkdtemp");
    }
    const std::filesystem::path path = std::filesystem::path(directory) / "sealing.key";
    store::SealingKey key = store::SealingKey::create(path, random).value();
    std::filesystem::remove_all(directory);
    return key;
}

}  // namespace

asio::awaitable<Status<>> FakeAudit::append(std::string_view record) {
    if (failing) {
        co_return Error(Errc::io_error, "no space left on device");
    }
    if (keeping) {
        records.emplace_back(record);
    }
    co_return done;
}

Harness::Harness()
    : sealing_key(make_sealing_key(random)),
      store(sealing_key, random),
      jobs({store, catalogue, clusters, sealing_key, clock, random}),
      service(
          [this] {
              ServiceOptions options;
              options.cluster = ClusterId("cluster-abcdefghijk");
              options.handle_key = SecretBytes("0123456789abcdef0123456789abcdef");
              options.report = [this](const http::Call&, const Failure& failure) {
                  reported.push_back(failure.detail);
              };
              return options;
          }(),
          {store, catalogue, life, random, clusters, sealing_key}) {
    store.observe([this](const store::Change& change) {
        catalogue.apply(change);
        jobs.apply(change);
    });
}

http::Answer Harness::call(std::string_view operation, std::string_view body, std::string_view account,
                           std::string_view region) {
    policy::Principal principal;
    principal.account = AccountId(std::string(account));
    principal.arn = "arn:aws:iam::" + std::string(account) + ":user/alice";
    principal.principal_id = "AIDAEXAMPLE";
    principal.user_name = "alice";
    principal.access_key_id = "AKIAEXAMPLE";
    const http::Call request{operation,
                             as_bytes(body),
                             principal,
                             region,
                             "11111111-2222-4333-8444-555555555555",
                             "192.0.2.10",
                             "aws-cli/2.x",
                             "kms.test",
                             "TLSv1.3",
                             "TLS_AES_128_GCM_SHA256",
                             life.time,
                             std::chrono::steady_clock::now() + std::chrono::seconds(10)};
    return wait_for(service.call(io_, request));
}

void Harness::refuse(const http::Refusal& refusal) {
    asio::io_context context;
    asio::co_spawn(context, service.refused(io_, refusal), [](std::exception_ptr failed) {
        if (failed) {
            std::rethrow_exception(failed);
        }
    });
    context.run();
}

std::size_t Harness::reap() {
    Reaper reaper({store, catalogue, life, random, clusters, sealing_key});
    return wait_for(
        reaper.run_due(io_, std::chrono::steady_clock::now() + std::chrono::seconds(10), life.time));
}

std::size_t Harness::expire_due() {
    Expirer expirer({store, catalogue, life, random, clusters, sealing_key});
    return wait_for(
        expirer.run_due(io_, std::chrono::steady_clock::now() + std::chrono::seconds(10), life.time));
}

std::size_t Harness::rotate_due() {
    Rotator rotator({store, catalogue, life, random, clusters, sealing_key});
    return wait_for(
        rotator.run_due(io_, std::chrono::steady_clock::now() + std::chrono::seconds(10), life.time));
}

std::string Harness::make_key(std::string_view account, std::string_view region) {
    const http::Answer answer = call("CreateKey", "{}", account, region);
    if (answer.status != 200) {
        throw std::runtime_error(answer.body);
    }
    return text_at(answer.body, "KeyMetadata.KeyId");
}

std::string Harness::arn(std::string_view id, std::string_view account) const {
    return key_arn("aws", kRegion, account, id);
}

void Harness::change_key(std::string_view id, const std::function<void(store::KeyRecord&)>& change) {
    std::mutex mutex;
    std::condition_variable wake;
    bool finished = false;
    store.submit(
        [&](store::Txn& txn) {
            auto row = txn.key(AccountId(kAccount), kRegion, KeyId(std::string(id)));
            change(**row);
            return txn.put(**std::move(row)).has_value();
        },
        [&](const Result<std::uint64_t>&) {
            const std::lock_guard lock(mutex);
            finished = true;
            wake.notify_one();
        });
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return finished; });
}

std::string key_body(std::string_view id, std::string_view more) {
    return R"({"KeyId":")" + std::string(id) + "\"" + std::string(more) + "}";
}

std::string text_at(std::string_view json, std::string_view path) {
    const boost::json::value root = boost::json::parse(json);
    const boost::json::value* found = find_at(root, path);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
}

std::string json_at(std::string_view json, std::string_view path) {
    const boost::json::value root = boost::json::parse(json);
    const boost::json::value* found = find_at(root, path);
    return found != nullptr ? boost::json::serialize(*found) : std::string{};
}

}  // namespace claviger::kms::test
