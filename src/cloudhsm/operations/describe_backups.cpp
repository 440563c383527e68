#include <algorithm>
#include <array>
#include <charconv>

#include <boost/json.hpp>

#include "src/cloudhsm/describe.hpp"
#include "src/cloudhsm/operations/operations.hpp"

namespace claviger::cloudhsm {
namespace {

struct DescribeBackupsRequest {
    EncryptionContext filters;  // name -> list of values
    std::int64_t limit = 50;    // 1..50 by the model
    std::optional<std::string_view> token;
    bool shared = false;
    bool ascending = false;

    static constexpr auto fields() {
        return std::tuple(field("Filters", &DescribeBackupsRequest::filters),
                          field("MaxResults", &DescribeBackupsRequest::limit),
                          field("NextToken", &DescribeBackupsRequest::token),
                          field("Shared", &DescribeBackupsRequest::shared),
                          field("SortAscending", &DescribeBackupsRequest::ascending));
    }
};

struct DescribeBackupsResponse {
    std::vector<BackupPtr> records;  // what the backups are views of
    std::vector<BackupWire> backups;
    std::optional<std::string> token;

    static constexpr auto fields() {
        return std::tuple(field("Backups", &DescribeBackupsResponse::backups),
                          field("NextToken", &DescribeBackupsResponse::token));
    }
};

struct Filter {
    std::string_view name;
    std::string_view (*value)(const store::BackupRecord&);
};
constexpr std::array kFilters{
    Filter{"backupIds", [](const store::BackupRecord& b) -> std::string_view { return b.id.value(); }},
    Filter{"clusterIds", [](const store::BackupRecord& b) -> std::string_view { return b.cluster.value(); }},
    Filter{
        "neverExpires",
        [](const store::BackupRecord& b) -> std::string_view { return b.never_expires ? "true" : "false"; }},
    Filter{"sourceBackupIds",
           [](const store::BackupRecord& b) -> std::string_view { return b.source_backup.value(); }},
    Filter{"states", [](const store::BackupRecord& b) { return to_string(b.state); }},
};

const Filter* find_filter(std::string_view name) {
    const auto found = std::ranges::find(kFilters, name, &Filter::name);
    return found == kFilters.end() ? nullptr : &*found;
}

// Values of one filter are alternatives; all filters must hold.
bool matches(const store::BackupRecord& backup, const EncryptionContext& filters) {
    return filters.pairs == nullptr || std::ranges::all_of(*filters.pairs, [&](const auto& filter) {
               const std::string_view has = find_filter(filter.key())->value(backup);
               return std::ranges::any_of(filter.value().get_array(),
                                          [&](const auto& value) { return wire::text_of(value) == has; });
           });
}

// In order of creation; of two at the same time, of their ids. A page's token is the last one's.
struct Position {
    std::int64_t created = 0;
    std::string_view id;
    auto operator<=>(const Position&) const = default;
};
Position position_of(const store::BackupRecord& backup) {
    return {backup.created.time_since_epoch().count(), backup.id.value()};
}
std::optional<Position> parse_token(std::string_view text) {
    Position position;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, position.created);
    if (error != std::errc() || rest == end || *rest != '.') {
        return std::nullopt;
    }
    position.id = std::string_view(rest + 1, static_cast<std::size_t>(end - rest - 1));
    return position;
}

Outcome<DescribeBackupsResponse> handle_describe_backups(Call& call, const DescribeBackupsRequest& request) {
    bool by_name = false;  // deleted ones are shown to those who ask for them
    if (request.filters.pairs != nullptr) {
        for (const auto& filter : *request.filters.pairs) {
            if (find_filter(filter.key()) == nullptr) {
                return invalid_request("'" + std::string(filter.key()) + "' is not a filter of backups.");
            }
            by_name = by_name || filter.key() == "backupIds" || filter.key() == "states";
        }
    }
    const auto after = request.token ? parse_token(*request.token) : std::nullopt;
    if (request.token && !after) {
        return invalid_request("The NextToken is not one that this operation answered.");
    }
    std::vector<BackupPtr> all = call.manager.parts().inventory.backups();
    std::erase_if(all, [&](const BackupPtr& one) {
        const bool before_page =
            after && (request.ascending ? position_of(*one) <= *after : position_of(*one) >= *after);
        return request.shared ||  // nothing is shared with anybody: docs/limitations.md
               one->account != call.account() || one->region != call.http.region ||
               (!by_name && one->state == store::BackupState::deleted) || before_page ||
               !matches(*one, request.filters);
    });
    std::ranges::sort(all, [&](const BackupPtr& a, const BackupPtr& b) {
        return request.ascending ? position_of(*a) < position_of(*b) : position_of(*b) < position_of(*a);
    });
    DescribeBackupsResponse response;
    const auto limit = static_cast<std::size_t>(request.limit);
    if (all.size() > limit) {
        all.resize(limit);
        const Position last = position_of(*all.back());
        response.token = std::to_string(last.created) + "." + std::string(last.id);
    }
    for (const BackupPtr& backup : all) {
        response.backups.push_back(describe(*backup));
    }
    response.records = std::move(all);
    return response;
}

}  // namespace

asio::awaitable<Outcome<std::string>> describe_backups(Call& call) {
    return run(call, handle_describe_backups);
}

}  // namespace claviger::cloudhsm
