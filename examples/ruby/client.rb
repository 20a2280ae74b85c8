# frozen_string_literal: true

require 'grpc'
require 'uri'
# Adds `is` and `unpack` to Any.
require 'google/protobuf/well_known_types'
require 'google/rpc/error_details_pb'
require 'google/rpc/status_pb'
require 'contact/v1/contact_service_services_pb'

# Adds the Server-Key to every call.
class ServerKey < GRPC::ClientInterceptor
  def initialize(key)
    super()
    @key = key
  end

  def request_response(metadata:, **)
    metadata['server-key'] = @key
    yield
  end
end

# The stub and the error details that main.rb uses.
module Client
  SERVICE_CONFIG = File.read(File.join(__dir__, '../service-config.json'))

  # Returns a stub of the service at an address such as http://127.0.0.1:8080. With https, the
  # connection uses TLS.
  def self.connect(url, server_key)
    uri = URI(url)
    credentials =
      uri.scheme == 'https' ? GRPC::Core::ChannelCredentials.new : :this_channel_is_insecure
    Kith::Contact::V1::ContactService::Stub.new(
      "dns:///#{uri.host}:#{uri.port}",
      credentials,
      interceptors: [ServerKey.new(server_key)],
      # Deadline of a call, in seconds.
      timeout: 10,
      channel_args: {
        'grpc.service_config' => SERVICE_CONFIG,
        'grpc.initial_reconnect_backoff_ms' => 100,
        'grpc.min_reconnect_backoff_ms' => 1_000,
        'grpc.max_reconnect_backoff_ms' => 2_000,
        'grpc.keepalive_time_ms' => 30_000,
        'grpc.keepalive_timeout_ms' => 5_000
      }
    )
  end

  # Finds the detail of the given type.
  def self.detail(error, type)
    error.to_rpc_status.details.find { |any| any.is(type) }.unpack(type)
  end
end
