// JSONTestSuite through the parser as the service configures it.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <boost/json.hpp>

#include "src/model/arena.hpp"
#include "src/model/validate.hpp"

namespace claviger::model {
namespace {

TEST(JsonSuite, AcceptsWhatItMustRefusesWhatItMustAndSurvivesTheRest) {
    int accepted = 0;
    int refused = 0;
    int free = 0;
    for (const auto& entry : std::filesystem::directory_iterator(CLAVIGER_JSON_SUITE)) {
        std::ifstream file(entry.path(), std::ios::binary);
        std::ostringstream content;
        content << file.rdbuf();
        const std::string name = entry.path().filename().string();
        WipingArena arena;
        const bool parsed = parse_json(as_bytes(content.view()), arena).has_value();
        switch (name.front()) {
            case 'y':
                EXPECT_TRUE(parsed) << name;
                ++accepted;
                break;
            case 'n':
                EXPECT_FALSE(parsed) << name;
                ++refused;
                break;
            default: ++free; break;
        }
    }
    EXPECT_EQ(accepted, 95);
    EXPECT_EQ(refused, 188);
    EXPECT_EQ(free, 35);
}

}  // namespace
}  // namespace claviger::model
