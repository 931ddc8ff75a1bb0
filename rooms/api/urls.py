"""Routes of this app under /v1."""

from django.urls import path

from rooms.api.views.keys import RoomKeyView, RoomOpenView
from rooms.api.views.revocations import RoomRevocationSignView, RoomRevocationView
from rooms.api.views.rooms import RoomAttestView, RoomsView, RoomView
from rooms.api.views.share_links import ShareLinkRotateView, ShareLinkView
from rooms.api.views.trust import RoomTrustView
from rooms.api.views.vault import RoomDataItemView, RoomDataView

urlpatterns = [
    path("rooms", RoomsView.as_view()),
    path("rooms/<str:room_id>", RoomView.as_view()),
    path("rooms/<str:room_id>/attest", RoomAttestView.as_view()),
    path("rooms/<str:room_id>/key", RoomKeyView.as_view()),
    path("rooms/<str:room_id>/open", RoomOpenView.as_view()),
    path("rooms/<str:room_id>/data", RoomDataView.as_view()),
    path("rooms/<str:room_id>/data/<str:item_id>", RoomDataItemView.as_view()),
    path("rooms/<str:room_id>/revocation", RoomRevocationView.as_view()),
    path("rooms/<str:room_id>/revocation/sign", RoomRevocationSignView.as_view()),
    path("rooms/<str:room_id>/share-link", ShareLinkView.as_view()),
    path("rooms/<str:room_id>/share-link/rotate", ShareLinkRotateView.as_view()),
    path("rooms/<str:room_id>/trust", RoomTrustView.as_view()),
]
