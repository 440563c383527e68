#include "src/config/seed.hpp"

#include <fstream>
#include <sstream>

#include "src/config/section.hpp"

namespace claviger::config {
namespace {

constexpr std::string_view kGuide = "docs/seeding.md";

std::optional<Error> read_grant(Section section, std::vector<SeedGrant>& to) {
    SeedGrant grant;
    section.text("name", grant.name);
    section.text("grantee", grant.grantee);
    section.text("retiring", grant.retiring);
    section.texts("operations", grant.operations);
    section.pairs("encryption-context-equals", grant.context_equals);
    section.pairs("encryption-context-subset", grant.context_subset);
    section.require(!grant.name.empty() && !grant.grantee.empty() && !grant.operations.empty(),
                    "needs name, grantee and operations");
    to.push_back(std::move(grant));
    return section.finish();
}

std::optional<Error> read_key(Section section, std::vector<SeedKey>& to) {
    SeedKey key;
    section.text("id", key.id);
    section.text("description", key.description);
    section.text("spec", key.spec);
    section.text("usage", key.usage);
    section.text("policy", key.policy);
    section.text("pem", key.pem);
    section.flag("enabled", key.enabled);
    section.number("rotation-days", key.rotation_days, 90, 2560);
    section.texts("aliases", key.aliases);
    section.texts("materials", key.materials);
    section.pairs("tags", key.tags);
    section.tables("grant", [&](Section grant) { return read_grant(std::move(grant), key.grants); });
    section.require(!key.id.empty(), "needs an id");
    section.require(key.pem.empty() || key.materials.empty(), "has pem and materials; choose one");
    section.require(key.materials.size() < 2 || key.spec == "SYMMETRIC_DEFAULT",
                    "has several materials, which only symmetric encryption keys can have");
    to.push_back(std::move(key));
    return section.finish();
}

}  // namespace

Result<Seed> Seed::parse(std::string_view text, std::string_view name) {
    const toml::parse_result parsed = toml::parse(text, name);
    if (!parsed) {
        const auto& error = parsed.error();
        return Error(Errc::bad_config,
                     fmt::format("{}:{}: {}", name, error.source().begin.line, error.description()));
    }
    Seed seed;
    Section file(name, &parsed.table(), "seed", kGuide);
    file.tables("key", [&](Section key) { return read_key(std::move(key), seed.keys); });
    if (std::optional<Error> error = file.finish()) {
        return *std::move(error);
    }
    return seed;
}

Result<Seed> Seed::load(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::ostringstream text;
    if (!in || !(text << in.rdbuf())) {
        return Error(Errc::bad_config, file.string() + ": cannot be read; name another seed file");
    }
    return parse(text.str(), file.string());
}

}  // namespace claviger::config
