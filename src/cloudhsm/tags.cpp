#include "src/cloudhsm/tags.hpp"

namespace claviger::cloudhsm {
namespace {

bool is_backup(std::string_view resource) {
    return resource.starts_with("backup-");
}

}  // namespace

std::optional<Failure> check_tags(const std::vector<TagWire>& tags) {
    for (std::size_t i = 0; i < tags.size(); ++i) {
        if (tags[i].key.substr(0, 4) == "aws:") {
            return Failure(ErrorType::tag, "Tag keys beginning with aws: are reserved.");
        }
        for (std::size_t j = 0; j < i; ++j) {
            if (tags[i].key == tags[j].key) {
                return Failure(ErrorType::tag,
                               "The tag key '" + std::string(tags[i].key) + "' was given more than once.");
            }
        }
    }
    return std::nullopt;
}

std::vector<store::Tag> records_of(const std::vector<TagWire>& tags) {
    std::vector<store::Tag> records;
    records.reserve(tags.size());
    for (const TagWire& tag : tags) {
        records.push_back({std::string(tag.key), std::string(tag.value)});
    }
    return records;
}

Outcome<std::vector<store::Tag>> tags_of(const Call& call, std::string_view resource) {
    if (is_backup(resource)) {
        return find_backup(call, resource).transform([](const BackupPtr& backup) { return backup->tags; });
    }
    return find_cluster(call, resource).transform([](const ClusterPtr& cluster) {
        return cluster->record.tags;
    });
}

asio::awaitable<Outcome<Done>> change_tags(Call& call, std::string_view resource, ChangeTags change) {
    if (is_backup(resource)) {
        const Outcome<BackupPtr> backup = find_backup(call, resource);
        if (!backup) {
            co_return backup.error();
        }
        std::function<Outcome<Done>(store::BackupRecord&)> work = [&](store::BackupRecord& row) {
            return change(row.tags);
        };
        const Outcome<BackupPtr> changed = co_await change_backup(call, *backup, std::move(work));
        if (!changed) {
            co_return changed.error();
        }
        co_return done;
    }
    const Outcome<ClusterPtr> cluster = find_cluster(call, resource);
    if (!cluster) {
        co_return cluster.error();
    }
    Decide decide = [&](store::Txn& txn) -> Outcome<Done> {
        Outcome<store::CloudHsmClusterRecord> row = cluster_row(txn, (*cluster)->record.id);
        if (!row) {
            return std::move(row).error();
        }
        const Outcome<Done> allowed = change(row->tags);
        return allowed ? put(txn, *std::move(row)) : allowed;
    };
    co_return co_await commit(call, std::move(decide));
}

}  // namespace claviger::cloudhsm
