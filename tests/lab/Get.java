import java.net.URI;
import javax.net.ssl.HttpsURLConnection;

public class Get {
    public static void main(String[] args) throws Exception {
        HttpsURLConnection c = (HttpsURLConnection) URI.create(args[0]).toURL().openConnection();
        c.setConnectTimeout(4000);
        c.setReadTimeout(4000);
        try {
            System.out.println(c.getResponseCode());
        } catch (java.io.IOException e) {
            System.out.println(e);
        }
    }
}
