#include "src/cloudhsm/backup_command.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include <claviger/base/files.hpp>

#include "src/cloudhsm/command.hpp"

namespace claviger::cloudhsm {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;

constexpr std::size_t kMaxFile = std::size_t{1} << 30;
constexpr std::size_t kMaxAnchor = 1 << 16;

std::string text_of(const json::object& request, std::string_view name) {
    const json::value* value = request.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

awaitable<Result<std::string>> create(Manager& manager, const json::object& request) {
    const Result<ClusterPtr> cluster = choose_cluster(manager, text_of(request, "cluster"));
    if (!cluster) {
        co_return cluster.error();
    }
    const Result<BackupId> begun = co_await manager.begin_backup((*cluster)->record.id);
    if (!begun) {
        co_return begun.error();
    }
    const Status<> made = co_await manager.finish_backup(*begun);
    if (!made) {
        co_return made.error();
    }
    co_return begun->value() + "\n";
}

awaitable<Result<std::string>> restore(Manager& manager, const json::object& request) {
    Result<Bytes> file = read_file(text_of(request, "file"), kMaxFile);
    const Result<Bytes> anchor = read_file(text_of(request, "trust_anchor"), kMaxAnchor);
    if (!file || !anchor) {
        co_return !file ? std::move(file).error() : anchor.error();
    }
    std::string pem(as_text(*anchor));
    const Result<Imported> taken = co_await manager.import_backup(*std::move(file), std::move(pem));
    if (!taken) {
        co_return taken.error();
    }
    co_return fmt::format(
        "{} of {} is READY; {} keys and {} key stores were unknown here and taken in.\n"
        "Now: aws cloudhsmv2 create-cluster --source-backup-id {}\n",
        taken->backup.value(), taken->cluster.value(), taken->keys, taken->key_stores, taken->backup.value());
}

}  // namespace

awaitable<Result<std::string>> answer_backup_command(Manager& manager, std::string request) {
    boost::system::error_code error;
    const json::value parsed = json::parse(request, error);
    if (error || !parsed.is_object()) {
        co_return Error(Errc::bad_config, "the request is not a JSON object");
    }
    const json::object& object = parsed.get_object();
    if (text_of(object, "command") == "create") {
        co_return co_await create(manager, object);
    }
    if (text_of(object, "command") == "restore") {
        co_return co_await restore(manager, object);
    }
    co_return Error(Errc::bad_config, "backup can create and restore");
}

Result<std::string> describe_backup_file(const std::filesystem::path& file) {
    const Result<Bytes> content = read_file(file, kMaxFile);
    if (!content) {
        return content.error();
    }
    const Result<BackupContents> opened = open_backup(*content);
    if (!opened) {
        return opened.error();
    }
    const json::object facts{{"backup", opened->id.value()},
                             {"cluster", opened->cluster().id.value()},
                             {"created", opened->created.time_since_epoch().count() / 1000},
                             {"keys", opened->rows.keys.size()},
                             {"key-stores", opened->rows.key_stores.size()},
                             {"users", opened->rows.cluster_users.size()},
                             {"signature", "good: by the key of its cluster certificate"},
                             {"trust-anchor", opened->facts().trust_anchor_pem}};
    return json::serialize(facts) + "\n";
}

}  // namespace claviger::cloudhsm
