// Hands over what the URL's hash holds when the page is opened. Shows nothing itself.
const link = window.gistscope;

link.readLink().then((held) => {
  if (!held) return;
  if (held.error) link.announce(held.error);
  else trigger("link_opened", { link: held });
});
