// An authorization server on loopback: `node oidc_provider.mjs PORT`. `POST /clients` registers a
// client or replaces it. Prints `login` for each token request, and why one was refused.
import { Provider } from 'oidc-provider';

const port = Number(process.argv[2]);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  scopes: ['api:read', 'api:write'],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
  },
  ttl: { ClientCredentials: 600 },
});
provider.use(async (context, next) => {
  if (context.path === '/token') console.log('login');
  if (context.path !== '/clients') return next();
  let text = '';
  for await (const piece of context.req) text += piece;
  const client = JSON.parse(text);
  await provider.Client.adapter.upsert(client.client_id, client);
  context.status = 201;
});
provider.on('grant.error', (_context, error) => console.log(error.error, error.error_detail));
provider.listen(port, '127.0.0.1');
