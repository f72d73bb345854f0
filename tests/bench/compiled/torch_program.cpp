// Measured, never run: user_program.cpp for libtorch.
#include <torch/torch.h>

int main() {
  torch::Tensor x = torch::tensor(2.0).requires_grad_(), y = torch::tensor(3.0).requires_grad_();
  torch::Tensor f = x * y + torch::exp(x) * torch::tanh(y);
  f.backward();
  return x.grad().item<double>() > 0 ? 0 : 1;
}
