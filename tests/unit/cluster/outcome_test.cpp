#include "cluster/outcome.hpp"

#include <gtest/gtest.h>

namespace claviger::cluster {
namespace {

using link::CostClass;
using link::Repeat;

constexpr std::array kAllErrors{
    Errc::internal,    Errc::data_invalid,  Errc::key_not_loaded, Errc::key_fault,
    Errc::unsupported, Errc::session_fault, Errc::not_logged_in,  Errc::pin_refused,
    Errc::hsm_fault,   Errc::hsm_gone,      Errc::overloaded,     Errc::deadline_exceeded,
    Errc::no_hsm,      Errc::not_admitted,  Errc::protocol_error, Errc::io_error,
    Errc::bad_config,  Errc::conflict,      Errc::not_found,      Errc::integrity,
};

TEST(Outcome, TheCallersBadInputIsFinalAndNoEvidence) {
    const Judgement judgement = judge_error(Errc::data_invalid, Repeat::freely);
    EXPECT_EQ(judgement, (Judgement{Next::finish, Evidence::good, Look::no}));
}

TEST(Outcome, OnlyFailuresOfTheHsmItselfAreEvidence) {
    for (const Errc code : kAllErrors) {
        const bool accused = code == Errc::session_fault || code == Errc::not_logged_in ||
                             code == Errc::pin_refused || code == Errc::hsm_fault || code == Errc::hsm_gone ||
                             code == Errc::no_hsm || code == Errc::protocol_error || code == Errc::io_error ||
                             code == Errc::not_found;
        EXPECT_EQ(judge_error(code, Repeat::freely).evidence == Evidence::fault, accused) << to_string(code);
    }
}

TEST(Outcome, WorkThatMayHaveHappenedIsNotRepeatedUnlessItMayBe) {
    for (const Errc code : kAllErrors) {
        const Next next = judge_error(code, Repeat::when_host_died).next;
        const bool not_started =
            code == Errc::overloaded || code == Errc::not_admitted || code == Errc::not_found;
        EXPECT_EQ(next == Next::elsewhere, not_started) << to_string(code);
    }
    EXPECT_EQ(judge_silence(ReplyKind::late, CostClass::generate, Repeat::when_host_died, 0).next,
              Next::finish);
    EXPECT_EQ(judge_silence(ReplyKind::late, CostClass::fast, Repeat::freely, 0).next, Next::elsewhere);
}

TEST(Outcome, AHostThatDiedIsReplacedOnceForWorkThatMayHaveHappened) {
    EXPECT_EQ(judge_silence(ReplyKind::gone, CostClass::generate, Repeat::when_host_died, 0).next,
              Next::elsewhere);
    EXPECT_EQ(judge_silence(ReplyKind::gone, CostClass::generate, Repeat::when_host_died, 1).next,
              Next::finish);
    EXPECT_EQ(judge_silence(ReplyKind::gone, CostClass::fast, Repeat::freely, 3).next, Next::elsewhere);
}

TEST(Outcome, LatenessIsEvidenceInTheFastClassOnly) {
    EXPECT_EQ(judge_silence(ReplyKind::late, CostClass::fast, Repeat::freely, 0).evidence, Evidence::fault);
    for (const CostClass cost : {CostClass::load, CostClass::slow, CostClass::generate}) {
        const Judgement judgement = judge_silence(ReplyKind::late, cost, Repeat::freely, 0);
        EXPECT_EQ(judgement.evidence, Evidence::none);
        EXPECT_EQ(judgement.look, Look::yes);
    }
    EXPECT_EQ(judge_silence(ReplyKind::silent, CostClass::fast, Repeat::freely, 0).evidence,
              Evidence::silent);
}

}  // namespace
}  // namespace claviger::cluster
