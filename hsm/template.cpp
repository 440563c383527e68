#include "hsm/template.hpp"

#include <algorithm>

namespace claviger::hsm {
namespace {

template <class T>
ByteView bytes_of(const T& value) {
    return {reinterpret_cast<const std::byte*>(&value), sizeof(T)};
}

}  // namespace

Template Template::clone() const {
    Template copy;
    copy.append(*this);
    return copy;
}

Template& Template::yes(CK_ATTRIBUTE_TYPE type) {
    const CK_BBOOL value = CK_TRUE;
    return add(type, bytes_of(value));
}

Template& Template::no(CK_ATTRIBUTE_TYPE type) {
    const CK_BBOOL value = CK_FALSE;
    return add(type, bytes_of(value));
}

Template& Template::number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
    return add(type, bytes_of(value));
}

Template& Template::bytes(CK_ATTRIBUTE_TYPE type, ByteView value) {
    return add(type, value);
}

Template& Template::text(CK_ATTRIBUTE_TYPE type, std::string_view value) {
    return add(type, as_bytes(value));
}

Template& Template::mechanisms(std::initializer_list<CK_MECHANISM_TYPE> list) {
    return mechanisms(std::vector<CK_MECHANISM_TYPE>(list));
}

Template& Template::mechanisms(const std::vector<CK_MECHANISM_TYPE>& list) {
    return add(CKA_ALLOWED_MECHANISMS,
               {reinterpret_cast<const std::byte*>(list.data()), list.size() * sizeof(CK_MECHANISM_TYPE)});
}

Template& Template::nested(CK_ATTRIBUTE_TYPE type, Template inner) {
    add(type, {});
    inner_.back() = std::make_unique<Template>(std::move(inner));
    attributes_.back().pValue = inner_.back()->data();
    attributes_.back().ulValueLen = inner_.back()->size() * sizeof(CK_ATTRIBUTE);
    return *this;
}

Template& Template::remove(CK_ATTRIBUTE_TYPE type) {
    for (std::size_t i = attributes_.size(); i-- > 0;) {
        if (attributes_[i].type == type) {
            const auto at = static_cast<std::ptrdiff_t>(i);
            attributes_.erase(attributes_.begin() + at);
            values_.erase(values_.begin() + at);
            inner_.erase(inner_.begin() + at);
        }
    }
    return *this;
}

Template& Template::append(const Template& more) {
    for (std::size_t i = 0; i < more.attributes_.size(); ++i) {
        if (more.inner_[i]) {
            nested(more.attributes_[i].type, more.inner_[i]->clone());
        } else {
            add(more.attributes_[i].type, *more.values_[i]);
        }
    }
    return *this;
}

Template& Template::add(CK_ATTRIBUTE_TYPE type, ByteView value) {
    values_.push_back(std::make_unique<SecretBytes::Buffer>(value.begin(), value.end()));
    inner_.push_back(nullptr);
    attributes_.push_back({type, values_.back()->data(), values_.back()->size()});
    return *this;
}

}  // namespace claviger::hsm
