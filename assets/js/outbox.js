// What a handler hands over to be saved as a file or copied. Shows nothing itself.
const link = window.gistscope;

watch("value", () => {
  const value = props.value || {};
  if (value.link) link.copyLink(value.link);
  else if (value.copy) link.copyText(value.copy);
  else if (value.text) link.download(value.name, value.text, value.type);
  else return;
  props.value = {}; // so that the same thing is news when it comes again
});
