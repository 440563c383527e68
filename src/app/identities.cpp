#include "src/app/identities.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <claviger/base/encoding.hpp>
#include <claviger/base/files.hpp>

#include "src/app/commit.hpp"

namespace claviger::app {
namespace {

constexpr std::string_view kTable = "access_keys";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// Unique ids as IAM writes them: a prefix for the kind and 16 characters.
std::string unique_id(std::string_view prefix, Random& random) {
    std::array<std::byte, 16> raw;
    random.fill(raw);
    std::string id(prefix);
    for (const std::byte b : raw) {
        id += kBase32[std::to_integer<std::size_t>(b) & 31];
    }
    return id;
}

// 40 characters of base64 without the two that need quoting in URLs and shells.
SecretBytes make_secret(Random& random) {
    std::array<std::byte, 30> raw;
    random.fill(raw);
    std::string text = to_base64(raw);
    std::ranges::replace(text, '+', 'p');
    std::ranges::replace(text, '/', 's');
    SecretBytes secret{std::string_view(text)};
    wipe(text);
    wipe(raw);
    return secret;
}

Status<> put_all(store::Txn& txn, const store::AccountRecord& account, const store::PrincipalRecord& user,
                 const store::AccessKeyRecord& access_key) {
    for (Status<> put : {txn.put(account), txn.put(user), txn.put(access_key)}) {
        if (!put) {
            return put;
        }
    }
    return done;
}

}  // namespace

std::string make_access_key_id(const std::string& account, Random& random) {
    // 40 bits of account number shifted left by 7 stand in the first six decoded bytes; the rest is random.
    const std::uint64_t number = std::stoull(account) << 7;
    std::array<std::byte, 10> raw;
    random.fill(raw);
    raw[0] = std::byte{static_cast<unsigned char>((number >> 40) & 0x7f)};
    for (std::size_t i = 1; i < 5; ++i) {
        raw[i] = std::byte{static_cast<unsigned char>((number >> (40 - 8 * i)) & 0xff)};
    }
    raw[5] = (raw[5] & std::byte{0x7f}) | std::byte{static_cast<unsigned char>(number & 0x80)};
    std::string id = "AKIA";
    for (std::size_t bit = 0; bit < 80; bit += 5) {
        const std::size_t at = bit / 8;
        const unsigned window = std::to_integer<unsigned>(raw[at]) << 8 |
                                (at + 1 < raw.size() ? std::to_integer<unsigned>(raw[at + 1]) : 0);
        id += kBase32[(window >> (11 - bit % 8)) & 31];
    }
    return id;
}

void append_credentials(std::string& to, const std::string& id, const SecretBytes& secret) {
    to.append("export AWS_ACCESS_KEY_ID=").append(id);
    to.append("\nexport AWS_SECRET_ACCESS_KEY=").append(as_text(secret.reveal(SecretAccess{}))).append("\n");
}

Status<> ensure_first_access_key(store::Store& store, const store::Contents& contents,
                                 const store::SealingKey& key, const std::string& account,
                                 const std::string& user, WallTime now, Random& random,
                                 const std::filesystem::path& file) {
    if (!contents.access_keys.empty()) {
        return done;
    }
    store::AccountRecord account_row;
    account_row.id = AccountId(account);
    store::PrincipalRecord user_row;
    user_row.account = AccountId(account);
    user_row.arn = fmt::format("arn:aws:iam::{}:user/{}", account, user);
    user_row.name = user;
    user_row.principal_id = unique_id("AIDA", random);
    store::AccessKeyRecord access_key;
    access_key.id = make_access_key_id(account, random);
    access_key.owner_arn = user_row.arn;
    access_key.created = now;
    const SecretBytes secret = make_secret(random);
    auto sealed = store::seal_secret(key, random, kTable, access_key.id, secret);
    if (!sealed) {
        return std::move(sealed).error();
    }
    access_key.sealed_secret = *std::move(sealed);
    if (!file.empty()) {
        std::string lines;
        lines.reserve(1024);
        append_credentials(lines, access_key.id, secret);
        const Status<> written = replace_file(file, as_bytes(lines));
        wipe(lines);
        if (!written) {
            return written;
        }
    }
    return commit(store, [&](store::Txn& txn) { return put_all(txn, account_row, user_row, access_key); });
}

std::vector<AccessKey> open_access_keys(const store::Contents& contents, const store::SealingKey& key,
                                        std::vector<std::string>& refused) {
    std::vector<AccessKey> keys;
    for (const store::AccessKeyRecord& record : contents.access_keys) {
        const auto owner =
            std::ranges::find(contents.principals, record.owner_arn, &store::PrincipalRecord::arn);
        if (!record.active || owner == contents.principals.end()) {
            continue;
        }
        auto secret = store::open_secret(key, kTable, record.id, record.sealed_secret);
        if (!secret) {
            refused.push_back(fmt::format("access key {}: its sealed secret does not open", record.id));
            continue;
        }
        policy::Principal principal;
        principal.account = owner->account;
        principal.arn = owner->arn;
        principal.kind = owner->name.empty() ? policy::PrincipalKind::root : policy::PrincipalKind::user;
        principal.principal_id = owner->principal_id;
        principal.user_name = owner->name;
        principal.access_key_id = record.id;
        keys.push_back({record.id, *std::move(secret), std::move(principal)});
    }
    return keys;
}

}  // namespace claviger::app
