#pragma once

// Everything at once.

#include <tapegrad/autograd/custom_gate.hpp>
#include <tapegrad/autograd/functions.hpp>
#include <tapegrad/autograd/grad.hpp>
#include <tapegrad/autograd/no_grad.hpp>
#include <tapegrad/autograd/parameter.hpp>
#include <tapegrad/autograd/tape.hpp>
#include <tapegrad/autograd/threads.hpp>
