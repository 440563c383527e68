#include "src/kms/aws_managed.hpp"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "src/api/submit.hpp"
#include "src/kms/authorise.hpp"
#include "src/kms/commit.hpp"
#include "src/kms/context.hpp"
#include "src/kms/new_key.hpp"
#include "src/kms/rotation.hpp"
#include "src/policy/authorize.hpp"

namespace claviger::kms {
namespace {

constexpr std::string_view kAwsPrefix = "alias/aws/";
constexpr std::array<std::string_view, 16> kServices{
    "acm",     "backup", "codecommit", "dynamodb", "ebs", "elasticfilesystem", "es",  "glue",
    "kinesis", "lambda", "rds",        "redshift", "s3",  "secretsmanager",    "ssm", "xray"};
static_assert(std::ranges::is_sorted(kServices));

bool is_predefined(std::string_view alias) {
    return alias.starts_with(kAwsPrefix) &&
           std::ranges::binary_search(kServices, alias.substr(kAwsPrefix.size()));
}

// The alias that the request names, if it is one of them and has no key yet.
std::string_view missing_alias(const Call& call) {
    const boost::json::value* const given = call.input->get_object().if_contains("KeyId");
    if (given == nullptr) {
        return {};
    }
    std::string_view name = wire::text_of(*given);
    const std::string own = alias_arn(call.parts.catalogue.partition(), call.http.region, call.account(), {});
    name.remove_prefix(name.starts_with(own) ? own.size() : 0);
    const bool missing =
        is_predefined(name) && call.parts.catalogue.alias(call.account(), call.http.region, name) == nullptr;
    return missing ? name : std::string_view();
}

// Everybody in the account may use the key through the service, and look at it.
std::string policy_of(const Call& call, std::string_view service) {
    const std::string account(call.account());
    return R"({"Version":"2012-10-17","Id":"auto-)" + std::string(service) +
           R"(","Statement":[{"Sid":"Use through the service","Effect":"Allow","Principal":{"AWS":"*"},)"
           R"("Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*",)"
           R"("kms:CreateGrant","kms:DescribeKey"],"Resource":"*","Condition":{"StringEquals":)"
           R"({"kms:CallerAccount":")" +
           account + R"(","kms:ViaService":")" + std::string(service) + "." + std::string(call.http.region) +
           R"(.amazonaws.com"}}},{"Sid":"Look at the key","Effect":"Allow","Principal":{"AWS":"arn:)" +
           call.parts.catalogue.partition() + ":iam::" + account +
           R"(:root"},"Action":["kms:Describe*","kms:Get*","kms:List*"],"Resource":"*"}]})";
}

store::KeyRecord record_of(const Call& call, std::string_view alias) {
    const std::string_view service = alias.substr(kAwsPrefix.size());
    store::KeyRecord record;
    record.account = call.principal().account;
    record.region = call.http.region;
    record.id = KeyId(call.parts.random.uuid());
    record.cluster = call.options.cluster;
    record.spec = kSymmetricDefault;
    record.usage = "ENCRYPT_DECRYPT";
    record.origin = "AWS_KMS";
    record.description = "AWS managed key of " + std::string(service);
    record.policy = policy_of(call, service);
    record.created = call.parts.life.now();
    return record;
}

// False: another request was first, or the store failed.
bool insert(const Call& call, store::Txn& txn, const store::KeyRecord& record,
            const store::MaterialRecord& material, std::string_view alias) {
    const auto there = txn.alias(record.account, record.region, alias);
    if (!there || *there) {
        return false;
    }
    const WallTime now = record.created;
    const std::string arn =
        key_arn(call.parts.catalogue.partition(), record.region, record.account.value(), record.id.value());
    const store::RotationScheduleRecord yearly{.account = record.account,
                                               .region = record.region,
                                               .key = record.id,
                                               .period_days = kDefaultRotationPeriod,
                                               .next = now + std::chrono::days(kDefaultRotationPeriod)};
    const store::AliasRecord named{.account = record.account,
                                   .region = record.region,
                                   .name = std::string(alias),
                                   .target = record.id,
                                   .created = now,
                                   .updated = now};
    return txn.put(material) && txn.put(record) && txn.put(yearly) && txn.put(named) &&
           txn.audit(service_event_record("CreateKey", record, arn, call.http.time, call.parts.random,
                                          call.parts.store.sequence()));
}

}  // namespace

bool is_aws_managed(const Catalogue& catalogue, const store::KeyRecord& key) {
    const auto first =
        catalogue.aliases_after(key.account.value(), key.region, key.id.value(), kAwsPrefix, 1);
    return !first.empty() && first.front()->name.starts_with(kAwsPrefix);
}

std::optional<Failure> check_manager(const Call& call, const KeyParameter& parameter, const Key& key) {
    if (call.row->access != Access::write || !is_aws_managed(call.parts.catalogue, key.record)) {
        return std::nullopt;
    }
    const policy::Request request{
        call.principal(), parameter.action, {key.record.account, key.arn, key.record.policy}};
    return access_denied(policy::denial_text(request, {policy::Verdict::implicit_deny_resource}));
}

asio::awaitable<std::optional<Failure>> make_described_key(Call& call) {
    const std::string_view alias = missing_alias(call);
    if (alias.empty()) {
        co_return std::nullopt;
    }
    if (auto refused = authorise(call, call.row->action, call.principal().account, "*")) {
        co_return refused;
    }
    store::KeyRecord record = record_of(call, alias);
    const Outcome<store::MaterialRecord> material = co_await make_material(call, call.io.cluster, record);
    if (!material) {
        co_return material.error();
    }
    bool inserted = false;
    store::Store::Work work = [&](store::Txn& txn) {
        return inserted = insert(call, txn, record, *material, alias);
    };
    Result<std::uint64_t> committed = co_await submit(call.parts.store, std::move(work));
    if (!committed || !inserted) {
        co_await discard_material(call, call.io.cluster, *material);
    }
    co_return committed ? std::optional<Failure>() : store_failed(call, committed.error());
}

std::vector<AliasPtr> aliases_without_key(const Call& call, std::string_view after) {
    std::vector<AliasPtr> missing;
    for (const std::string_view service : kServices) {
        const std::string name = std::string(kAwsPrefix) + std::string(service);
        if (name > after && call.parts.catalogue.alias(call.account(), call.http.region, name) == nullptr) {
            missing.push_back(std::make_shared<const store::AliasRecord>(
                store::AliasRecord{.account = call.principal().account,
                                   .region = std::string(call.http.region),
                                   .name = name,
                                   .target = KeyId(),
                                   .created = {},
                                   .updated = {}}));
        }
    }
    return missing;
}

}  // namespace claviger::kms
