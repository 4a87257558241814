// Salla's own client (@salla.sa/passport-strategy) against a sandbox: login, user info, refresh, a resource.
// Usage: node check.js <sandbox url> <port of the callback> <client id> <client secret>
// Prints one JSON object; exits 1 with the reason on standard error where a step fails.
"use strict";

const express = require("express");
const session = require("express-session");
const passport = require("passport");
const refresher = require("passport-oauth2-refresh");
const SallaAPI = require("@salla.sa/passport-strategy");

const [base, port, clientID, clientSecret] = process.argv.slice(2);
const own = `http://127.0.0.1:${port}`;
const SCOPES = ["offline_access", "products.read_write", "orders.read"];

const salla = new SallaAPI({ clientID, clientSecret, callbackURL: `${own}/oauth/callback` });
const strategy = salla.getPassportStrategy();
// The client knows only Salla's real addresses, so they are replaced after construction.
strategy._oauth2._authorizeUrl = `${base}/oauth2/auth`;
strategy._oauth2._accessTokenUrl = `${base}/oauth2/token`;
strategy._userProfileURL = `${base}/oauth2/user/info`;
// The refresher copied the old address when the client was made: register again.
refresher.use(strategy);

passport.use(strategy);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: "only for this run", resave: false, saveUninitialized: true }));
app.use(passport.initialize());
app.use(passport.session());
app.get("/login", passport.authenticate("salla", { scope: SCOPES }));
app.get("/oauth/callback", passport.authenticate("salla", { failureRedirect: "/failed" }), (request, response) =>
  response.json({ user: request.user })
);
app.get("/failed", (_, response) => response.status(401).json({ failed: true }));

async function follow(url, cookie) {
  const response = await fetch(url, { redirect: "manual", headers: cookie ? { cookie } : {} });
  const set = response.headers.get("set-cookie");
  return { response, location: response.headers.get("location"), cookie: set ? set.split(";")[0] : cookie };
}

async function login() {
  const start = await follow(`${own}/login`);
  const consent = await follow(start.location);
  const callback = await follow(consent.location, start.cookie);
  if (callback.response.status !== 200) throw new Error(`callback answered ${callback.response.status}`);
  return (await callback.response.json()).user;
}

async function foreignState(url) {
  const callback = await follow(url);
  return callback.location;
}

function refresh(token) {
  return new Promise((resolve, reject) =>
    refresher.requestNewAccessToken("salla", token, (error, access, next) =>
      error ? reject(new Error(JSON.stringify(error))) : resolve({ access, next })
    )
  );
}

async function main() {
  const user = await login();
  const first = salla.getRefreshToken();
  const lifetime = salla._expires_in;
  const fresh = await refresh(first);
  salla.setAccessToken(fresh.access, fresh.next);
  const products = await salla.fetchResource({ url: `${base}/admin/v2/products?per_page=5` });
  const owner = await salla.fetchResource({ url: `${base}/admin/v2/oauth2/user/info` });
  const reuse = await refresh(first).then(() => "accepted", () => "refused");
  return {
    merchant: user.merchant.id,
    merchant_after_refresh: owner.merchant.id,
    lifetime,
    rotated: fresh.next !== first,
    products: products.length,
    reuse,
    foreign_state: await foreignState(`${own}/oauth/callback?code=x&state=notmine1`),
  };
}

const server = app.listen(Number(port), "127.0.0.1", () =>
  main()
    .then((result) => console.log(JSON.stringify(result)))
    .catch((error) => {
      console.error(error);
      process.exitCode = 1;
    })
    .finally(() => server.close(() => process.exit()))
);
