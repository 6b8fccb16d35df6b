import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;

/** Prints the key id that the AWS SDK for Java has from the AWS profile in force. */
public class Aws {
  public static void main(String[] arguments) {
    System.out.println(ProfileCredentialsProvider.create().resolveCredentials().accessKeyId());
  }
}
