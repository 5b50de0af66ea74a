// A certified OpenID provider (npm `oidc-provider`) for one scenario.
//
// Its one argument is JSON: `issuer`; `clients`, as the provider's library takes them; `resources`, each with
// its scopes and whether its tokens are opaque or JWTs; `tenant`, a claim of every JWT. It prints
// the port that it listens on, and ends when its standard input is closed.

import http from 'node:http';
import Provider, { errors } from 'oidc-provider';

const { issuer, clients, resources, tenant } = JSON.parse(process.argv[2]);

const provider = new Provider(issuer, {
  clients: clients.map((client) => ({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    ...client,
  })),
  scopes: [...new Set(Object.values(resources).flatMap(({ scope }) => scope.split(' ')))],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo(_context, name) {
        const resource = resources[name];
        if (!resource) throw new errors.InvalidTarget();
        const { scope, format } = resource;
        return { audience: name, scope, accessTokenFormat: format, accessTokenTTL: 1800, jwt: { sign: { alg: 'RS256' } } };
      },
    },
  },
  extraTokenClaims: () => ({ tenant }),
});

// The scheme is that of its issuer, as behind whatever ends TLS.
provider.proxy = true;
const handle = provider.callback();
const server = http.createServer((request, response) => {
  request.headers['x-forwarded-proto'] = 'https';
  handle(request, response);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit());
