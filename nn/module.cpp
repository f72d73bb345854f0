#include <tapegrad/nn/module.hpp>

#include <algorithm>

#include <tapegrad/autograd/detail/type_name.hpp>
#include <tapegrad/autograd/scope.hpp>

namespace tapegrad::nn {

namespace {

/// The modules of this thread that are running, one within the other.
struct Running {
  int count = 0;
  /// From where the outermost was called.
  Place place;
  /// In which of them an error came up, the outermost last; filled on the error's way out.
  std::string failed;
};

thread_local Running running;

/// Lets an error leave the outermost module with the path to the one in which it came up.
class ErrorPath {
 public:
  explicit ErrorPath(const Place& place) {
    if (running.count++ == 0) running.place = place;
    running.failed.clear();
  }
  ~ErrorPath() { --running.count; }
  ErrorPath(const ErrorPath&) = delete;
  ErrorPath& operator=(const ErrorPath&) = delete;

  template <class E>
  [[noreturn]] void leave(const E& error, const std::string& module) const {
    running.failed = running.failed.empty() ? module : module + " > " + running.failed;
    if (running.count > 1) throw;
    throw E(std::string(error.what()) + ", in " + running.failed + " (" + to_string(running.place) +
            ")");
  }
};

}  // namespace

Var Module::operator()(const Var& x, Place place) {
  const ErrorPath path(place);
  try {
    return run(x);
  } catch (const ShapeError& error) {
    path.leave(error, label());
  } catch (const ValueError& error) {
    path.leave(error, label());
  }
}

std::string Module::label() const {
  const std::string type = tapegrad::detail::type_name(typeid(*this));
  return name_ == nullptr ? type : *name_ + ": " + type;
}

Var Module::run(const Var& x) {
  const Scope scope(x, name_, typeid(*this));
  if (hooks_ == nullptr) return forward(x);
  // Copies of the lists: a hook may register or remove others, and itself.
  Var input = x;
  for (const auto& [id, hook] : std::vector(hooks_->before)) input = hook(*this, input);
  Var output = forward(input);
  for (const auto& [id, hook] : std::vector(hooks_->after)) output = hook(*this, input, output);
  return output;
}

detail::Hooks& Module::hooks() {
  if (hooks_ == nullptr) hooks_ = std::make_shared<detail::Hooks>();
  return *hooks_;
}

HookHandle Module::add_pre_hook(ForwardPreHook hook) {
  hooks().before.emplace_back(hooks().next, std::move(hook));
  return {hooks_, hooks_->next++};
}

HookHandle Module::add_hook(ForwardHook hook) {
  hooks().after.emplace_back(hooks().next, std::move(hook));
  return {hooks_, hooks_->next++};
}

NamedParameters Module::named_parameters(bool recurse) const {
  NamedParameters found;
  collect("", {&Module::parameters_}, found, recurse);
  return found;
}

NamedParameters Module::named_buffers() const {
  NamedParameters found;
  collect("", {&Module::buffers_}, found);
  return found;
}

NamedParameters state_dict(const Module& module) {
  NamedParameters found;
  module.collect("", {&Module::parameters_, &Module::buffers_}, found);
  return found;
}

std::vector<std::pair<std::string, Module*>> Module::named_modules() {
  std::vector<std::pair<std::string, Module*>> found;
  collect_modules("", found);
  return found;
}

std::vector<Parameter> Module::parameters() const {
  std::vector<Parameter> result;
  for (auto& [name, parameter] : named_parameters()) result.push_back(parameter);
  return result;
}

void Module::zero_grad() {
  for (Parameter& parameter : parameters()) parameter.zero_grad();
}

void Module::apply(const std::function<void(Module&)>& f) {
  f(*this);
  for (auto& [name, child] : children_) child->apply(f);
}

void Module::train(bool training) {
  apply([training](Module& module) { module.training_ = training; });
}

Parameter Module::register_parameter(const std::string& name, Parameter parameter) {
  check_name(name);
  if (parameter.state()->name.empty()) parameter.state()->name = name;
  parameters_.emplace_back(name, parameter);
  return parameter;
}

Parameter Module::register_buffer(const std::string& name, Parameter buffer) {
  check_name(name);
  buffers_.emplace_back(name, buffer);
  return buffer;
}

void Module::add_child(const std::string& name, std::shared_ptr<Module> child) {
  check_name(name);
  if (child == nullptr) {
    throw ValueError("[module] needs a module to register as '" + name + "', got null");
  }
  if (child->name_ == nullptr) child->name_ = std::make_shared<const std::string>(name);
  children_.emplace_back(name, std::move(child));
}

void Module::check_name(const std::string& name) const {
  const auto is_name = [&](const auto& entry) { return entry.first == name; };
  const bool taken = std::any_of(parameters_.begin(), parameters_.end(), is_name) ||
                     std::any_of(buffers_.begin(), buffers_.end(), is_name) ||
                     std::any_of(children_.begin(), children_.end(), is_name);
  if (name.empty() || taken || name.find('.') != std::string::npos) {
    throw ValueError(
        "[module] needs a name of its own without dots for each parameter, buffer and child, "
        "got '" +
        name + "'" + (taken ? ", which is taken" : ""));
  }
}

void Module::collect(const std::string& prefix, std::initializer_list<Kept> lists,
                     NamedParameters& found, bool recurse) const {
  for (const Kept list : lists) {
    for (const auto& [name, parameter] : this->*list) {
      const Parameter& candidate = parameter;
      const bool known = std::any_of(found.begin(), found.end(), [&](const auto& entry) {
        return same(entry.second, candidate);
      });
      if (!known) found.emplace_back(prefix + name, parameter);
    }
  }
  if (!recurse) return;
  for (const auto& [name, child] : children_) child->collect(prefix + name + ".", lists, found);
}

void Module::collect_modules(const std::string& path,
                             std::vector<std::pair<std::string, Module*>>& found) {
  const bool known = std::any_of(found.begin(), found.end(),
                                 [&](const auto& entry) { return entry.second == this; });
  if (known) return;
  found.emplace_back(path, this);
  const std::string prefix = path.empty() ? "" : path + ".";
  for (const auto& [name, child] : children_) child->collect_modules(prefix + name, found);
}

}  // namespace tapegrad::nn
