package example;

import com.google.gson.Gson;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
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

  /** Returns a channel to the service at an address such as http://127.0.0.1:8080. */
  static ManagedChannel connect(String address, String serverKey) throws IOException {
    Metadata headers = new Metadata();
    headers.put(SERVER_KEY, serverKey);
    return Grpc.newChannelBuilder(
            "dns:///" + URI.create(address).getAuthority(), InsecureChannelCredentials.create())
        .intercept(MetadataUtils.newAttachHeadersInterceptor(headers))
        .defaultServiceConfig(serviceConfig())
        .enableRetry()
        .keepAliveTime(30, TimeUnit.SECONDS)
        .keepAliveTimeout(5, TimeUnit.SECONDS)
        .build();
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
