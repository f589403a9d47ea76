// Every path of the API that the pages use.

const id = encodeURIComponent;

export const paths = {
  login: () => "/api/auth/login",
  conversations: (limit, offset) => `/api/messaging/conversations?limit=${limit}&offset=${offset}`,
  messages: (conversation, before) =>
    `/api/messaging/conversations/${id(conversation)}/messages?limit=50${before ? `&before=${id(before)}` : ""}`,
  send: (conversation) => `/api/messaging/conversations/${id(conversation)}/messages`,
  read: (conversation) => `/api/messaging/conversations/${id(conversation)}/read`,
};
