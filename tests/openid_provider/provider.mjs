// A certified OpenID provider (npm `oidc-provider`) for one scenario.
//
// Its one argument is JSON: `issuer`; `clients`, as the provider's library takes them; `resources`, each with
// its scopes and whether its tokens are opaque or JWTs; `tenant`, a claim of every JWT; `callers`, where the keys
// of callers' tokens are, which it exchanges (RFC 8693; the library leaves that grant to its users). It prints
// the port that it listens on, and ends when its standard input is closed.

import http from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import Provider, { errors } from 'oidc-provider';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

const { issuer, clients, resources, tenant, callers } = JSON.parse(process.argv[2]);

const provider = new Provider(issuer, {
  clients: clients.map((client) => ({
    grant_types: ['client_credentials', EXCHANGE],
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
      getResourceServerInfo: (_context, name) => resourceServer(name),
    },
  },
  extraTokenClaims: (context) => exchanged.get(context) ?? { tenant },
});

function resourceServer(name) {
  const resource = resources[name];
  if (!resource) throw new errors.InvalidTarget();
  const { scope, format } = resource;
  return { audience: name, scope, accessTokenFormat: format, accessTokenTTL: 1800, jwt: { sign: { alg: 'RS256' } } };
}

// What the token for a request says of the caller.
const exchanged = new WeakMap();
const keys = createRemoteJWKSet(new URL(callers));

async function exchange(context) {
  const { client, params } = context.oidc;
  if (params.subject_token_type !== ACCESS_TOKEN || params.requested_token_type !== ACCESS_TOKEN) {
    throw new errors.InvalidRequest('access tokens are exchanged for access tokens');
  }
  const { payload } = await jwtVerify(params.subject_token, keys).catch(() => {
    throw new errors.InvalidGrant('the subject token is not valid');
  });
  const { ten, subtenant, user_name: user } = payload;
  exchanged.set(context, { tenant: ten, subtenant, user });
  const token = new provider.ClientCredentials({ client, scope: params.scope });
  token.resourceServer = new provider.ResourceServer(params.resource, resourceServer(params.resource));
  context.body = {
    access_token: await token.save(),
    issued_token_type: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: token.expiration,
    scope: params.scope,
  };
}

provider.registerGrantType(EXCHANGE, exchange, [
  'requested_token_type', 'resource', 'scope', 'subject_token', 'subject_token_type',
]);

// The scheme is that of its issuer, as behind whatever ends TLS.
provider.proxy = true;
const handle = provider.callback();
const server = http.createServer((request, response) => {
  request.headers['x-forwarded-proto'] = 'https';
  handle(request, response);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit());
