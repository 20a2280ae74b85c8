package example;

import com.google.gson.Gson;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The channel and the error details that {@link Main} uses. */
final class Client {
  private static final Metadata.Key<String> SERVER_KEY =
      Metadata.Key.of("server-key", Metadata.ASCII_STRING_MARSHALLER);

  private Client() {}

  /**
   * Returns a channel to the service at an address such as http://127.0.0.1:8080. With https, the
   * channel uses TLS.
   */
  static ManagedChannel connect(String address, String serverKey) throws IOException {
    Metadata headers = new Metadata();
    headers.put(SERVER_KEY, serverKey);
    URI uri = URI.create(address);
    return Grpc.newChannelBuilder("dns:///" + uri.getAuthority(), credentials(uri))
        .intercept(MetadataUtils.newAttachHeadersInterceptor(headers))
        .defaultServiceConfig(serviceConfig())
        .enableRetry()
        .keepAliveTime(30, TimeUnit.SECONDS)
        .keepAliveTimeout(5, TimeUnit.SECONDS)
        .build();
  }

  private static ChannelCredentials credentials(URI uri) {
    return uri.getScheme().equals("https")
        ? TlsChannelCredentials.create()
        : InsecureChannelCredentials.create();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, ?> serviceConfig() throws IOException {
    return new Gson().fromJson(Files.readString(Path.of("../service-config.json")), Map.class);
  }

  /** Returns the detail of an error that has the given type. */
  static <T extends Message> T detail(StatusRuntimeException error, Class<T> type)
      throws InvalidProtocolBufferException {
    for (var detail : StatusProto.fromThrowable(error).getDetailsList()) {
      if (detail.is(type)) {
        return detail.unpack(type);
      }
    }
    throw new IllegalArgumentException("no " + type.getSimpleName(), error);
  }
}
