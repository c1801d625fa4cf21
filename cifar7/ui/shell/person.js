// Keeps the token as a cookie. Where another tab was first, this one becomes who that one is.
(() => {
  const cookie = "$cookie=", parameter = "$parameter", token = "$token";
  const read = () => {
    const found = document.cookie.split("; ").find((entry) => entry.startsWith(cookie));
    return found ? found.slice(cookie.length) : "";
  };
  const write = () => {
    const safe = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = cookie + token + "; path=/; max-age=34560000; SameSite=Lax" + safe;
  };
  const noted = (key, value) => {  // for this tab; returns what was noted before
    try {
      const before = sessionStorage.getItem(key);
      sessionStorage.setItem(key, value);
      return before;
    } catch { return value; }
  };
  const kept = read();
  if (kept !== token) {
    if (!kept) write();
    else if ($forced && noted("cifar7_took", token) !== token) write();
    else if (Date.now() - noted("cifar7_left", Date.now()) > 30000) { location.reload(); return; }
  }
  const address = new URL(location.href);
  if (read() === token) {
    if (!address.searchParams.has(parameter)) return;
    address.searchParams.delete(parameter);
  } else if (!read() && address.searchParams.get(parameter) !== token) {
    address.searchParams.set(parameter, token);  // no cookies here
  } else return;
  location.replace(address);
})();
