// What a handler hands over to be saved as a file or copied as a link. Shows nothing itself.
const link = window.gistscope;

watch("value", () => {
  const value = props.value || {};
  if (value.link) link.copyLink(value.link);
  else if (value.text) link.download(value.name, value.text, value.type);
});
