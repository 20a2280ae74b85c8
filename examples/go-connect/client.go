package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"example.com/app/gen/contact/v1/contactv1connect"
)

// newClient returns a client of the service at an address such as http://127.0.0.1:8080. It speaks
// the Connect protocol; connect.WithGRPC() selects gRPC.
func newClient(address, serverKey string) contactv1connect.ContactServiceClient {
	return contactv1connect.NewContactServiceClient(http.DefaultClient, address,
		connect.WithInterceptors(
			connect.UnaryInterceptorFunc(withTimeout(10*time.Second)),
			connect.UnaryInterceptorFunc(retry),
			connect.UnaryInterceptorFunc(withServerKey(serverKey)),
		))
}

func withServerKey(key string) func(connect.UnaryFunc) connect.UnaryFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			request.Header().Set("Server-Key", key)
			return next(ctx, request)
		}
	}
}

func withTimeout(timeout time.Duration) func(connect.UnaryFunc) connect.UnaryFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			return next(ctx, request)
		}
	}
}

// retry repeats a call after UNAVAILABLE, up to five attempts. Every call of Kith is safe to repeat.
func retry(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, request connect.AnyRequest) (connect.AnyResponse, error) {
		delay := 100 * time.Millisecond
		for attempt := 1; ; attempt++ {
			response, err := next(ctx, request)
			if attempt == 5 || connect.CodeOf(err) != connect.CodeUnavailable {
				return response, err
			}
			select {
			case <-ctx.Done():
				return response, err
			case <-time.After(delay/2 + rand.N(delay)):
				delay *= 2
			}
		}
	}
}
