// A certified OpenID provider (npm `oidc-provider`) for one scenario.
//
// Its one argument is JSON: `issuer`; `clients`, as the provider's library takes them; `resources`, each with
// its scopes and whether its tokens are opaque or JWTs; `tenant`, a claim of every JWT; `callers`, where the keys
// of callers' tokens are, which it exchanges (RFC 8693; the library leaves that grant to its users); `clock`, by
// how many seconds its clock is ahead; `tls`, `certificate` and `key` of a second server, which asks clients for a
// certificate, and the `authority` of those. All three are PEM. A client may have `keys`, by `kid` and PEM of any
// kind; `certificates`, PEM; and `thumbprint`, the `x5t#S256` that its assertions must have. It prints the port that
// it listens on, then that of the second server, and ends when its standard input is closed.

import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import Provider, { errors } from 'oidc-provider';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

const { issuer, clients, resources, tenant, callers, clock = 0, tls } = JSON.parse(process.argv[2]);

const realNow = Date.now;
Date.now = () => realNow() + clock * 1000;

// What clients are known by, as the library takes it.
function jwks(keys = [], certificates = []) {
  const known = keys.map(({ kid, pem }) => ({ ...createPublicKey(pem).export({ format: 'jwk' }), kid, use: 'sig' }));
  const certified = certificates.map((pem) => {
    const { publicKey, raw } = new X509Certificate(pem);
    const thumbprint = createHash('sha256').update(raw).digest('base64url');
    return { ...publicKey.export({ format: 'jwk' }), use: 'sig', 'x5t#S256': thumbprint };
  });
  return known.length + certified.length ? { keys: [...known, ...certified] } : undefined;
}

const provider = new Provider(issuer, {
  clients: clients.map(({ keys, certificates, ...client }) => ({
    grant_types: ['client_credentials', EXCHANGE],
    redirect_uris: [],
    response_types: [],
    jwks: jwks(keys, certificates),
    ...client,
  })),
  clientAuthMethods: [
    'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth',
    'self_signed_tls_client_auth',
  ],
  enabledJWA: {
    clientAuthSigningAlgValues: ['HS256', 'HS512', 'RS256', 'RS384', 'ES256', 'ES384'],
  },
  extraClientMetadata: { properties: ['thumbprint'] },
  assertJwtClientAuthClaimsAndHeader: (_context, _claims, header, client) => {
    if (client.thumbprint !== header['x5t#S256']) throw new errors.InvalidClientAuth('another certificate');
  },
  scopes: [...new Set(Object.values(resources).flatMap(({ scope }) => scope.split(' ')))],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true, allowedPolicy: () => true },
    mTLS: {
      enabled: true,
      tlsClientAuth: true,
      selfSignedTlsClientAuth: true,
      getCertificate: ({ req }) => req.socket.getPeerX509Certificate?.(),
      certificateAuthorized: ({ req }) => req.socket.authorized,
      certificateSubjectMatches: ({ req }, property, expected) =>
        property === 'tls_client_auth_subject_dn' && req.socket.getPeerX509Certificate().subject === expected,
    },
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
function answer(request, response) {
  request.headers['x-forwarded-proto'] = 'https';
  handle(request, response);
}
const servers = [http.createServer(answer)];
if (tls) {
  const { certificate: cert, key, authority: ca } = tls;
  // Who has another certificate, or none, is told so by the provider.
  servers.push(https.createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false }, answer));
}
for (const server of servers) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  console.log(server.address().port);
}
process.stdin.resume().on('end', () => process.exit());
