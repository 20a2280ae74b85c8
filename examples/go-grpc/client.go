package main

import (
	"context"
	"net/url"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"

	contactv1 "example.com/app/gen/contact/v1"
)

// connect returns a client of the service at an address such as http://127.0.0.1:8080. With https, the
// connection uses TLS.
func connect(address, serverKey string) (contactv1.ContactServiceClient, *grpc.ClientConn, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, nil, err
	}
	serviceConfig, err := os.ReadFile("../service-config.json")
	if err != nil {
		return nil, nil, err
	}
	conn, err := grpc.NewClient("dns:///"+parsed.Host,
		grpc.WithTransportCredentials(credentialsFor(parsed.Scheme)),
		grpc.WithDefaultServiceConfig(string(serviceConfig)),
		// The default MaxDelay is two minutes: too long for a server that restarts.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay:  100 * time.Millisecond,
				Multiplier: 1.6,
				Jitter:     0.2,
				MaxDelay:   2 * time.Second,
			},
			MinConnectTimeout: 2 * time.Second,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time:    30 * time.Second,
			Timeout: 5 * time.Second,
		}),
		grpc.WithUnaryInterceptor(withServerKey(serverKey)),
	)
	if err != nil {
		return nil, nil, err
	}
	return contactv1.NewContactServiceClient(conn), conn, nil
}

func credentialsFor(scheme string) credentials.TransportCredentials {
	if scheme == "https" {
		return credentials.NewTLS(nil)
	}
	return insecure.NewCredentials()
}

func withServerKey(key string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn,
		invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		ctx = metadata.AppendToOutgoingContext(ctx, "server-key", key)
		return invoker(ctx, method, req, reply, conn, opts...)
	}
}
