import io.kubernetes.client.util.KubeConfig;
import java.io.File;
import java.io.FileReader;

/** Prints the token that the official client for Java has from a kubeconfig. */
public class Kubernetes {
  public static void main(String[] arguments) throws Exception {
    KubeConfig config = KubeConfig.loadKubeConfig(new FileReader(arguments[0]));
    config.setFile(new File(arguments[0]));
    System.out.println(config.getCredentials().get(KubeConfig.CRED_TOKEN_KEY));
  }
}
