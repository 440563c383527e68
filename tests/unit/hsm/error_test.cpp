// The return-value table against the reviewed classes of tests/data/pkcs11/ckr-classes.tsv.
#include <claviger/hsm/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace claviger::test {
namespace {

using hsm::FaultScope;
using hsm::Meaning;
using hsm::Retryable;

struct ClassRules {
    std::set<Errc> codes;
    std::set<FaultScope> scopes;
    Retryable retryable;
    Meaning meaning;
};

const std::map<std::string, ClassRules> kClasses{
    {"ok", {{Errc::internal, Errc::conflict}, {FaultScope::none}, Retryable::no, Meaning::clear}},
    {"expected", {{Errc::unsupported}, {FaultScope::none}, Retryable::no, Meaning::clear}},
    {"client", {{Errc::data_invalid}, {FaultScope::none}, Retryable::no, Meaning::clear}},
    {"capability", {{Errc::unsupported}, {FaultScope::none}, Retryable::no, Meaning::clear}},
    {"handle", {{Errc::key_fault}, {FaultScope::key}, Retryable::yes, Meaning::clear}},
    {"session",
     {{Errc::session_fault, Errc::not_logged_in},
      {FaultScope::session, FaultScope::token},
      Retryable::yes,
      Meaning::clear}},
    {"worker", {{Errc::hsm_fault, Errc::hsm_gone}, {FaultScope::module}, Retryable::yes, Meaning::clear}},
    {"member",
     {{Errc::hsm_fault, Errc::hsm_gone, Errc::overloaded},
      {FaultScope::token},
      Retryable::yes,
      Meaning::clear}},
    {"operator", {{Errc::pin_refused}, {FaultScope::token}, Retryable::no, Meaning::clear}},
    {"bug", {{Errc::internal}, {FaultScope::none}, Retryable::no, Meaning::clear}},
    {"ambiguous",
     {{Errc::hsm_fault}, {FaultScope::token, FaultScope::none}, Retryable::yes, Meaning::ambiguous}},
};

TEST(ReturnTable, AgreesWithTheReviewedClasses) {
    std::ifstream in(CLAVIGER_TEST_DATA "/pkcs11/ckr-classes.tsv");
    std::string line;
    std::getline(in, line);
    int rows = 0;
    while (std::getline(in, line)) {
        std::istringstream fields(line);
        std::string value;
        std::string name;
        std::string kind;
        std::getline(fields, value, '\t');
        std::getline(fields, name, '\t');
        std::getline(fields, kind, '\t');
        if (!value.starts_with("0x")) {
            continue;  // no answer at all: the link's business
        }
        SCOPED_TRACE(name);
        ++rows;
        const hsm::ReturnFacts& facts = hsm::classify(std::stoul(value, nullptr, 16));
        EXPECT_EQ(facts.name, name);
        ASSERT_TRUE(kClasses.contains(kind)) << kind;
        const ClassRules& rules = kClasses.at(kind);
        EXPECT_TRUE(rules.codes.contains(facts.code)) << to_string(facts.code);
        EXPECT_TRUE(rules.scopes.contains(facts.scope));
        EXPECT_EQ(facts.retryable, rules.retryable);
        EXPECT_EQ(facts.meaning, rules.meaning);
    }
    EXPECT_GT(rows, 80);
}

TEST(ReturnTable, UnknownAndVendorValuesAreAnAmbiguousFaultOfTheToken) {
    for (const unsigned long rv : {0x4ul, 0x999ul, 0x80000001ul, 0xfffffffful, ~0ul}) {
        EXPECT_EQ(hsm::classify(rv).code, Errc::hsm_fault);
        EXPECT_EQ(hsm::classify(rv).meaning, Meaning::ambiguous);
    }
    EXPECT_EQ(hsm::call_failed("C_Sign", 0x80000123).detail, "C_Sign: unknown return value");
    EXPECT_EQ(hsm::call_failed("C_Sign", 0x80000123).ckr, 0x80000123u);
}

}  // namespace
}  // namespace claviger::test
